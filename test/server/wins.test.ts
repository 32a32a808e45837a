import { startApplication } from "@dmtracker/server/app.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { saveSettings } from "@dmtracker/server/organizations/organization-settings.store.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { TvLinkModel } from "@dmtracker/server/wins/tv-link.model.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { TvEvents } from "@dmtracker/shared/contracts/realtime.ts";
import type { TvLink, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { io, type Socket } from "socket.io-client";
import { onTestFinished, expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call, type CallOptions } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

const server = await startServer();

const byPerson = ({ id, name }: TestPerson): Actor => ({ type: "user", id, name });

const wins = async (options: CallOptions, url = server.url): Promise<WinsBoard> => {
  const { status, body } = await call<WinsBoard>(
    url,
    "GET",
    options.headers?.["x-tv-token"] ? "/wins/screen" : "/wins",
    options,
  );
  expect(status, body.message).toBe(200);
  return body.data;
};

async function addContact(
  { id, owner, member, pipeline }: TestOrganization,
  username: string,
): Promise<string> {
  const made = await createContact(server.context, {
    organizationId: id,
    pipelineId: pipeline.id,
    actor: byPerson(owner),
    contact: { username, source: "user", stageId: pipeline.stages[3]?.id ?? "", assigneeId: member.id },
  });
  return made.contactId;
}

const change = (
  { id }: TestOrganization,
  contactId: string,
  wish: ContactChange,
  { actor, at }: { actor: Actor; at?: Date },
) =>
  changeContact(server.context, {
    organizationId: id,
    contactId,
    change: wish,
    actor,
    ...(at ? { at } : {}),
  });

async function aLink(
  { admin }: TestOrganization,
  { showsContacts = false, pipelineId }: { showsContacts?: boolean; pipelineId?: string } = {},
) {
  const { status, body } = await call<{ link: TvLink; url: string }>(server.url, "POST", "/wins/tv-links", {
    cookie: admin.cookie,
    body: {
      name: "Sales floor",
      shows_contacts: showsContacts,
      ...(pipelineId && { pipeline_id: pipelineId }),
    },
  });
  expect(status, body.message).toBe(201);
  return { link: body.data.link, secret: body.data.url.split("#")[1] ?? "", url: body.data.url };
}

type Screen = { socket: Socket<TvEvents>; heard: number[]; revoked: string[] };

async function aScreen(secret: string): Promise<Screen> {
  const socket: Socket<TvEvents> = io(`${server.url}/tv`, {
    transports: ["websocket"],
    auth: { token: secret },
    reconnectionDelay: 20,
    // A connection of its own, as a screen has one: the library would share that of a signed-in client.
    forceNew: true,
  });
  onTestFinished(() => void socket.disconnect());
  const screen: Screen = { socket, heard: [], revoked: [] };
  socket.on("wins", ({ seq }) => screen.heard.push(seq));
  socket.on("access:revoked", ({ reason }) => screen.revoked.push(reason));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return screen;
}

test("[WN1] wins stand once and in the order of the log, with who, what and from which stage", async () => {
  const organization = await server.anOrganization();
  const { owner, member, pipeline, token } = organization;
  const [kim, lea, zoe] = [
    await addContact(organization, "kim.fit"),
    await addContact(organization, "lea.cooks"),
    await addContact(organization, "zoe.runs"),
  ];
  await change(organization, kim, { status: "won", value: 500 }, { actor: byPerson(owner) });
  const owns = { pipelineId: pipeline.id, actor: byPerson(owner) };
  const closed = pipeline.stages[4]?.id ?? "";
  await createRule(server.context, owns, {
    type: "stage_to_status",
    stageId: closed,
    status: "won",
    enabled: true,
  });
  await change(organization, lea, { stageId: closed, value: 100.5 }, { actor: byPerson(member) });
  await call(server.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: zoe, status: "won" },
  });
  const board = await wins({ cookie: member.cookie });
  expect(board.wins.map(({ username }) => username)).toEqual(["zoe.runs", "lea.cooks", "kim.fit"]);
  const booked = { name: "Meeting Booked", colour: pipeline.stages[3]?.colour };
  // Nobody did the one by the API: it is its assignee's.
  expect(board.wins[0]).toMatchObject({ by: { type: "api", name: "n8n" }, creditedTo: "Cem", value: null });
  expect(board.wins[1]).toMatchObject({
    by: { type: "user", name: "Cem" },
    creditedTo: "Cem",
    fromStage: booked,
  });
  expect(board.wins[1]?.rule).toContain("Closed");
  expect(board.wins[2]).toMatchObject({ creditedTo: "Ana", rule: null, value: 500, fromStage: booked });
  expect(board.today).toEqual({ count: 3, value: 600.5 });
  expect(board.leaderboard.today).toEqual([
    { name: "Cem", wins: 2, value: 100.5 },
    { name: "Ana", wins: 1, value: 500 },
  ]);
});

test("[WN8] a screen of all pipelines tells every win of each once, by the clock, with sums and ranks of all", async () => {
  const organization = await server.anOrganization();
  const { owner, member, admin, pipeline, token } = organization;
  const made = await call<{ pipeline: Pipeline }>(server.url, "POST", "/pipelines", {
    cookie: admin.cookie,
    body: { name: "Partners" },
  });
  const partners = { ...organization, pipeline: made.body.data.pipeline };
  const [kim, lea] = [await addContact(organization, "kim.fit"), await addContact(partners, "lea.cooks")];
  const zoe = await addContact(organization, "zoe.runs");
  const { secret } = await aLink(organization, { showsContacts: true, pipelineId: "all" });
  const one = await aLink(organization);
  const [all, single] = [await aScreen(secret), await aScreen(one.secret)];
  const at = (second: number) => new Date(Date.now() + second * 1_000);
  await change(organization, kim, { status: "won", value: 500 }, { actor: byPerson(owner), at: at(0) });
  await change(partners, lea, { status: "won", value: 100.5 }, { actor: byPerson(member), at: at(1) });
  await change(organization, zoe, { status: "won", value: 1 }, { actor: byPerson(member), at: at(2) });
  await eventually(() => expect(all.heard).toHaveLength(3));
  expect(single.heard).toHaveLength(2);
  const read = async (path: string, options: CallOptions) =>
    (await call<WinsBoard>(server.url, "GET", path, options)).body.data;
  const board = await read("/wins?pipeline_id=all", { token });
  expect(board.wins.map(({ username, log, pipeline: name }) => [username, log, name])).toEqual([
    ["zoe.runs", 0, pipeline.name],
    ["lea.cooks", 1, "Partners"],
    ["kim.fit", 0, pipeline.name],
  ]);
  expect(board).toMatchObject({ pipelineId: null, pipeline: null, month: { count: 3, value: 601.5 } });
  expect(board.leaderboard.month).toEqual([
    { name: "Cem", wins: 2, value: 101.5 },
    { name: "Ana", wins: 1, value: 500 },
  ]);
  const shown = await read("/wins/screen", { headers: { "x-tv-token": secret } });
  expect(shown.wins.map(({ username, contactId }) => [username, contactId])).toEqual([
    ["zoe.runs", null],
    ["lea.cooks", null],
    ["kim.fit", null],
  ]);
  const first = await read("/wins", { token });
  expect(first.wins.map(({ username, pipeline: name }) => [username, name])).toEqual([
    ["zoe.runs", null],
    ["kim.fit", null],
  ]);
  // Both screens are known by their own link only.
  const other = await server.anOrganization();
  expect((await read("/wins?pipeline_id=all", { token: other.token })).wins).toEqual([]);
});

test("[WN2] a reversed win is withdrawn and the leaderboard follows, a changed value is heard", async () => {
  const organization = await server.anOrganization();
  const { owner, member, pipeline } = organization;
  const kim = await addContact(organization, "kim.fit");
  const watcher = await new BoardClient(server.url, member.cookie, pipeline.id).open();
  onTestFinished(() => watcher.close());
  const act = (wish: ContactChange) => change(organization, kim, wish, { actor: byPerson(owner) });
  const won = await act({ status: "won", value: 500 });
  const worth = await act({ value: 700 });
  expect((await wins({ cookie: member.cookie })).leaderboard.month).toEqual([
    { name: "Ana", wins: 1, value: 700 },
  ]);
  await act({ note: "Nothing to do with it" });
  await act({ assigneeId: null });
  await act({ stageId: pipeline.stages[4]?.id ?? "" });
  expect((await wins({ cookie: member.cookie })).wins.map(({ seq }) => seq)).toEqual([won.seq]);
  const reopened = await act({ status: "open" });
  expect(await wins({ cookie: member.cookie })).toMatchObject({
    wins: [],
    today: { count: 0, value: 0 },
    leaderboard: { today: [], week: [], month: [] },
  });
  const again = await act({ status: "won" });
  expect((await wins({ cookie: member.cookie })).wins.map(({ seq }) => seq)).toEqual([again.seq]);
  await eventually(() => expect(watcher.wins).toEqual([won.seq, worth.seq, reopened.seq, again.seq]));
});

test("[WN3] another process, started later, tells the same wins", async () => {
  const organization = await server.anOrganization();
  for (const name of ["kim.fit", "lea.cooks", "zoe.runs"]) {
    const contactId = await addContact(organization, name);
    await change(
      organization,
      contactId,
      { status: "won", value: 10 },
      { actor: byPerson(organization.owner) },
    );
  }
  const { context } = server;
  const other = await startApplication({
    env: { ...context.env, port: 0, publicUrl: undefined },
    authSecret: context.env.authSecret,
  });
  onTestFinished(() => other.stop());
  const options = { token: organization.token };
  expect(await wins(options, other.url)).toEqual(await wins(options));
  const late = await addContact(organization, "omar.lifts");
  await change(organization, late, { status: "won" }, { actor: byPerson(organization.owner) });
  expect(await wins(options, other.url)).toEqual(await wins(options));
});

test("[WN4] today, this week and this month are those of the organization's time zone", async () => {
  const organization = await server.anOrganization();
  const kim = await addContact(organization, "kim.fit");
  const actor = byPerson(organization.owner);
  const now = server.context.now();
  await change(organization, kim, { status: "won", value: 10 }, { actor, at: now });
  const east = async (timeZone: string) => {
    await saveSettings(organization.id, { timeZone });
    return wins({ token: organization.token });
  };
  for (const timeZone of ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata"]) {
    const board = await east(timeZone);
    const hourThere = new Intl.DateTimeFormat("sv-SE", { timeZone, timeStyle: "medium" });
    expect(hourThere.format(Date.parse(board.midnight))).toBe("00:00:00");
    expect(Date.parse(board.midnight)).toBeGreaterThan(now.getTime());
    expect(board.today.count).toBe(1);
  }
  // What was won a day and a bit ago is not of today anywhere, and a quarter of a year ago of no month.
  const lea = await addContact(organization, "lea.cooks");
  await change(
    organization,
    lea,
    { status: "won" },
    { actor, at: new Date(now.getTime() - 93 * 86_400_000) },
  );
  const board = await wins({ token: organization.token });
  expect(board.wins.map(({ username }) => username)).toEqual(["kim.fit"]);
  expect(board.month.count).toBe(1);
});

test("[WN5] a TV link opens wins without an account, tells no ids, and handles only when allowed", async () => {
  const organization = await server.anOrganization();
  const kim = await addContact(organization, "kim.fit");
  await change(organization, kim, { status: "won", value: 500 }, { actor: byPerson(organization.owner) });
  const [discreet, open] = [await aLink(organization), await aLink(organization, { showsContacts: true })];
  const seen = await wins({ headers: { "x-tv-token": discreet.secret } });
  expect(seen).toMatchObject({ today: { count: 1, value: 500 }, leaderboard: { today: [{ name: "Ana" }] } });
  expect(JSON.stringify(seen)).not.toContain("kim");
  expect(JSON.stringify(seen)).not.toContain(kim);
  const allowed = await wins({ headers: { "x-tv-token": open.secret } });
  expect(allowed.wins[0]).toMatchObject({ username: "kim.fit", contactId: null });
  const stored = await TvLinkModel.findById(discreet.link.id).lean();
  expect(JSON.stringify(stored)).not.toContain(discreet.secret);
  expect(stored?.lastUsedAt).not.toBeNull();
});

test("[WN5] a TV link opens nothing else, and a screen can say nothing", async () => {
  const organization = await server.anOrganization();
  const { secret } = await aLink(organization);
  const headers = { "x-tv-token": secret };
  for (const path of [
    "/me",
    "/pipelines",
    "/contacts",
    "/reports",
    "/events",
    "/wins/tv-links",
    "/directory",
  ])
    expect((await call(server.url, "GET", path, { headers })).status, path).toBe(401);
  expect((await call(server.url, "GET", "/contacts", { token: secret })).status).toBe(401);
  const { socket } = await aScreen(secret);
  const kim = await addContact(organization, "kim.fit");
  const say = (name: string, message: object): Promise<unknown> =>
    (socket.timeout(300) as unknown as Socket).emitWithAck(name, message);
  const asked = [
    say("pipeline:join", { pipelineId: organization.pipeline.id }),
    say("contact:change", { mutationId: "a-mutation-id", contactId: kim, status: "won" }),
  ];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect((await wins({ token: organization.token })).wins).toEqual([]);
  const plain = io(server.url, {
    transports: ["websocket"],
    auth: { token: secret },
    reconnection: false,
    forceNew: true,
  });
  onTestFinished(() => void plain.disconnect());
  const refused = await new Promise<Error>((resolve) => plain.once("connect_error", resolve));
  expect(refused.message).toBe("unauthenticated");
});

test("[WN6] revoking a TV link closes its screens at once and says why, and only its own", async () => {
  const organization = await server.anOrganization();
  const [first, second] = [await aLink(organization), await aLink(organization)];
  const [screen, other] = [await aScreen(first.secret), await aScreen(second.secret)];
  const stranger = await server.anOrganization();
  const path = `/wins/tv-links/${first.link.id}`;
  expect((await call(server.url, "DELETE", path, { cookie: organization.member.cookie })).status).toBe(403);
  expect((await call(server.url, "DELETE", path, { cookie: stranger.owner.cookie })).status).toBe(404);
  const gone = new Promise((resolve) => screen.socket.once("disconnect", resolve));
  expect((await call(server.url, "DELETE", path, { cookie: organization.owner.cookie })).status).toBe(200);
  expect(await gone).toBe("io server disconnect");
  expect(screen.revoked).toEqual(["This TV link was revoked"]);
  const { status, body } = await call(server.url, "GET", "/wins/screen", {
    headers: { "x-tv-token": first.secret },
  });
  expect([status, body.message]).toEqual([401, "This TV link was revoked"]);
  await expect(aScreen(first.secret)).rejects.toThrow("unauthenticated");
  const kim = await addContact(organization, "kim.fit");
  const won = await change(organization, kim, { status: "won" }, { actor: byPerson(organization.owner) });
  await eventually(() => expect(other.heard).toEqual([won.seq]));
  expect(screen.heard).toEqual([]);
  const { body: listed } = await call<{ links: TvLink[] }>(server.url, "GET", "/wins/tv-links", {
    cookie: organization.admin.cookie,
  });
  expect(listed.data.links.map(({ id }) => id)).toEqual([second.link.id]);
});
