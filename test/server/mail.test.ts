import { Writable } from "node:stream";
import type { Invitation } from "@dmtracker/shared/contracts/members.ts";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { aMailReceiver, type ReceivedMail } from "../support/mail-receiver.ts";
import { PASSWORD, startServer } from "../support/server.ts";

const receiver = await aMailReceiver();
const lines: string[] = [];
const logTo = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(chunk.toString());
    done();
  },
});
process.env.LOG_LEVEL = "warn";
const server = await startServer({
  logTo,
  variables: { SMTP_URL: receiver.url, MAIL_FROM: "DmTracker <no-reply@sales.example.com>" },
});
let people = 0;
const anEmail = (): string => `somebody.${(people += 1)}@example.com`;

const post = <T = Record<string, unknown>>(path: string, body: unknown, cookie?: string) =>
  call<T>(server.url, "POST", path, { body, ...(cookie ? { cookie } : {}) });
const invite = async (cookie: string, email: string) =>
  (await post<{ invitation: Invitation }>("/invitations", { email, role: "member" }, cookie)).body.data
    .invitation;

const letterTo = (email: string): Promise<ReceivedMail> =>
  eventually(() => {
    const letter = receiver.to(email).at(-1);
    if (!letter) throw new Error(`nothing has come to ${email}`);
    return letter;
  });
const linkIn = ({ body }: ReceivedMail, page: string): string =>
  new RegExp(`${server.url}/${page}#\\S+`).exec(body)?.[0] ?? "no link";
const secretOf = (link: string): string => link.slice(link.indexOf("#") + 1);

test("[ML1] [PE2] an invitation is mailed, with the link that is shown, and works", async () => {
  const { owner } = await server.anOrganization();
  const email = anEmail();
  const { link } = await invite(owner.cookie, email);
  const letter = await letterTo(email);
  expect(letter.to).toEqual([email]);
  expect(letter.head).toContain("From: DmTracker <no-reply@sales.example.com>");
  expect(linkIn(letter, "invite")).toBe(link);
  const joined = await post("/invitations/accept", {
    token: secretOf(link),
    name: "Nia",
    password: PASSWORD,
  });
  expect(joined.status).toBe(200);
});

test("[ML1] [SI3] a link for a new password goes to who has an account, and nobody learns who has", async () => {
  const { member } = await server.anOrganization();
  const stranger = anEmail();
  const answers = [];
  for (const email of [stranger, member.email]) answers.push(await post("/password-reset/link", { email }));
  expect(answers[0]).toMatchObject({ status: 200, body: answers[1]?.body });
  const token = secretOf(linkIn(await letterTo(member.email), "reset-password"));
  expect((await post("/password-reset", { token, password: "newer horse battery" })).status).toBe(200);
  expect((await post("/password-reset", { token, password: "newest horse battery" })).status).toBe(404);
  // The later letter has come: an earlier one to the stranger would be here, too.
  expect(receiver.to(stranger)).toEqual([]);
});

test("[ML1] an admin's reset goes by mail, and no link is shown", async () => {
  const { admin, member } = await server.anOrganization();
  const { body } = await post<{ link: string | null }>(`/members/${member.id}/reset-link`, {}, admin.cookie);
  expect(body.data.link).toBeNull();
  expect(linkIn(await letterTo(member.email), "reset-password")).toContain("#");
});

test("[ML1] [PE1] [SI3] signing up begins with a mail: who has an account gets another letter and the same answer", async () => {
  const { owner } = await server.anOrganization();
  const email = anEmail();
  const [fresh, known] = [
    await post("/sign-up/link", { email }),
    await post("/sign-up/link", { email: owner.email }),
  ];
  expect(fresh).toMatchObject({ status: 200, body: known.body });
  const token = secretOf(linkIn(await letterTo(email), "sign-up"));
  expect((await letterTo(owner.email)).body).toContain("there is an account with it already");
  const body = { name: "Dora", password: PASSWORD, organization_name: "Dora's", token };
  const without = await post("/sign-up", { ...body, token: undefined, email });
  expect(without.body.issues?.[0]?.path).toBe("token");
  const made = await post("/sign-up", body);
  expect(made.status).toBe(201);
  // Whose address it is was decided by the link, not by the body.
  const cookie = made.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { body: me } = await call<{ user: { email: string } }>(server.url, "GET", "/me", { cookie });
  expect(me.data.user.email).toBe(email);
});

test("[ML2] a mail server that refuses, hangs or is away loses no invitation and holds up nobody", async () => {
  const { owner } = await server.anOrganization();
  const works = async (link: string, email: string) => {
    const read = await post<{ email: string }>("/invitations/read", { token: secretOf(link) });
    expect(read.body.data.email).toBe(email);
  };
  const [refused, hung, away] = [anEmail(), anEmail(), anEmail()];
  receiver.behave = "refuse";
  await works((await invite(owner.cookie, refused)).link, refused);
  await eventually(() => expect(lines.join("")).toContain("a mail could not be sent"));
  receiver.behave = "hang";
  await works((await invite(owner.cookie, hung)).link, hung);
  receiver.behave = "accept";
  await receiver.close();
  const { link } = await invite(owner.cookie, away);
  await works(link, away);
  await eventually(() =>
    expect(lines.filter((line) => line.includes("could not be sent")).length).toBeGreaterThan(1),
  );
  // It is a secret as long as it works.
  expect(lines.join("")).not.toContain(secretOf(link));
  await receiver.open();
  await invite(owner.cookie, away);
  expect((await letterTo(away)).to).toEqual([away]);
});

test("[ML3] a name cannot write headers or another address into a letter", async () => {
  const { owner } = await server.anOrganization();
  const name = "Ana\r\nBcc: evil@example.com\r\n\r\nBuy now";
  const renamed = await call(server.url, "PATCH", "/account", { cookie: owner.cookie, body: { name } });
  const email = anEmail();
  await invite(owner.cookie, email);
  const letter = await letterTo(email);
  expect([letter.to, renamed.status < 500]).toEqual([[email], true]);
  expect(letter.head).not.toMatch(/^Bcc:/im);
  expect(receiver.to("evil@example.com")).toEqual([]);
});
