import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { call } from "../support/http.ts";
import { startServer } from "../support/server.ts";

const lines: string[] = [];
const logTo = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(chunk.toString());
    done();
  },
});
const variables = { LIMIT_SIGN_IN: "3/600" };
process.env.LOG_LEVEL = "debug";
const server = await startServer({ variables, logTo });

const signIn = (body: unknown, headers: Record<string, string> = { origin: server.url }) =>
  fetch(`${server.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const PASSWORD = "correct horse battery";

test("[SI1] cookies are HttpOnly and SameSite; a page of another site cannot write", async () => {
  const { owner } = await server.anOrganization();
  const answer = await signIn({ email: owner.email, password: PASSWORD });
  for (const cookie of answer.headers.getSetCookie()) expect(cookie).toMatch(/HttpOnly; SameSite=Lax/);
  const options = { cookie: owner.cookie, body: { name: "hot" } };
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) {
    const refused = await call(server.url, "POST", "/tags", { ...options, headers });
    expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
  }
  expect(
    (await signIn({ email: owner.email, password: PASSWORD }, { origin: "https://evil.example" })).status,
  ).toBe(403);
  const own = await call(server.url, "POST", "/tags", { ...options, headers: { origin: server.url } });
  expect(own.status).toBe(201);
});

test("[SI2] guessing a password is stopped with Retry-After, also for accounts that do not exist; calls say what is left", async () => {
  const { owner, token } = await server.anOrganization();
  for (const email of [owner.email, "nobody@example.com"]) {
    const answers = [];
    for (let tried = 0; tried < 4; tried += 1)
      answers.push(await signIn({ email, password: "wrong password" }));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 429]);
    expect(Number(answers[3]?.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  const { headers } = await call(server.url, "GET", "/pipelines", { token });
  expect(Number(headers.get("ratelimit-limit"))).toBeGreaterThan(0);
  expect(Number(headers.get("ratelimit-remaining"))).toBeGreaterThan(0);
});

test("[SI3] signing in and asking for a new password answer the same with and without an account", async () => {
  const { admin } = await server.anOrganization();
  const said = async (email: string) => {
    const tried = await signIn({ email, password: "wrong password" });
    const asked = await call(server.url, "POST", "/password-reset/link", { body: { email } });
    return [tried.status, await tried.json(), asked.status, asked.body] as unknown;
  };
  expect(await said(admin.email)).toEqual(await said("nobody.else@example.com"));
});

test("[SI4] passwords, cookies and tokens are in no log line, however much is logged", async () => {
  const { member, token, owner } = await server.anOrganization();
  await signIn({ email: member.email, password: PASSWORD });
  await call(server.url, "GET", "/pipelines", { token });
  await call(server.url, "GET", "/me", { cookie: owner.cookie });
  const log = lines.join("");
  expect(log).toContain("/api/v1/pipelines");
  for (const secret of [PASSWORD, token, owner.cookie.split("=")[1] ?? "", member.cookie]) {
    expect(log.includes(secret)).toBe(false);
  }
});

test("[SI5] operators, markup and patterns in input are refused or are plain text", async () => {
  const { token } = await server.anOrganization();
  expect((await signIn({ email: { $gt: "" }, password: { $gt: "" } })).status).toBe(400);
  const create = (body: unknown) => call(server.url, "POST", "/organization/create-contact", { token, body });
  expect((await create({ username: { $gt: "" } })).status).toBe(400);
  const markup = '<img src=x onerror="alert(1)">';
  await create({ username: "kim.fit", display_name: markup });
  const find = (query: string) =>
    call<{ contacts: { displayName: string }[] }>(server.url, "GET", `/contacts?${query}`, { token });
  expect((await find("q=kim")).body.data.contacts.map(({ displayName }) => displayName)).toEqual([markup]);
  for (const pattern of [".*", "(a%2B)%2B$", "k[a-z]m"]) {
    const { status, body } = await find(`q=${pattern}`);
    expect([pattern, status, body.data.contacts.length <= 1]).toEqual([pattern, 200, true]);
  }
  expect((await find("q[$gt]=")).status).toBe(400);
});

test("[SI6] data answers run nothing and are shown in no frame", async () => {
  const { headers } = await call(server.url, "GET", "/sign-up");
  expect(headers.get("content-security-policy")).toBe("default-src 'none';frame-ancestors 'none'");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});
