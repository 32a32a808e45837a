import { DESCRIPTIONS } from "@dmtracker/server/api-reference/openapi-document.ts";
import { ENDPOINTS, MESSAGES, type Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { expect, test } from "vitest";
import { answerProblems, bodyProblems, document } from "../support/api-document.ts";
import { aWorld, methodOf, ORDINARY, realCall, upload } from "../support/api-world.ts";
import { call, type CallOptions } from "../support/http.ts";
import { PASSWORD, startServer } from "../support/server.ts";

const server = await startServer({
  variables: { WEBHOOK_ALLOW_PRIVATE: "1" },
  webhooksEveryMs: 2_000_000_000,
});

test("[API11] the document describes every endpoint and every live message, and is served", async () => {
  const missing = Object.keys(ENDPOINTS).filter((endpoint) => !(endpoint in DESCRIPTIONS));
  // The document itself is what one is reading.
  expect(missing).toEqual(["GET /openapi.json"]);
  const { fromClient } = document["x-live-protocol"];
  expect(fromClient.map(({ name }) => name).toSorted()).toEqual(Object.keys(MESSAGES).toSorted());
  const response = await fetch(`${server.url}/api/v1/openapi.json`);
  const served = (await response.json()) as typeof document;
  expect(served.openapi).toBe("3.1.0");
  expect(Object.keys(served.paths)).toEqual(Object.keys(document.paths));
  expect(served.servers).toEqual([{ url: `${server.url}/api/v1` }]);
  // Programs must take fields that come later.
  expect(JSON.stringify(served.components)).not.toContain('additionalProperties":false');
});

test("[API12] every example of the document works, and every answer is as the document says", async () => {
  const organization = await server.anOrganization();
  const { owner, admin, token } = organization;
  const inReal = await aWorld(server.url, organization);
  const problems: unknown[] = [];
  const told = new Set<string>();
  const run = async (endpoint: Endpoint, options: CallOptions, wanted: number[] = [200, 201, 202]) => {
    told.add(endpoint);
    const { path, body } = await realCall(endpoint, inReal, options.body);
    const sent = { ...options, ...(body !== undefined && { body }) };
    const { status, body: answer } = await call(server.url, methodOf(endpoint), path, sent);
    const found = [
      ...(wanted.includes(status) ? [] : [`answered ${status}`]),
      ...answerProblems(endpoint, status, answer),
      ...(body === undefined ? [] : bodyProblems(endpoint, body)),
    ];
    if (found.length > 0)
      problems.push({ endpoint, found: found.slice(0, 5), answer: JSON.stringify(answer).slice(0, 400) });
  };
  for (const endpoint of ORDINARY) {
    const description = DESCRIPTIONS[endpoint];
    const body = description?.example?.body;
    if (description?.body) expect([endpoint, body === undefined]).toEqual([endpoint, false]);
    const caller = description?.chapter === "Integrations" ? { token } : { cookie: owner.cookie };
    await run(endpoint, { ...caller, ...(body !== undefined && { body }) });
  }

  const cookie = owner.cookie;
  const uploaded = await upload(server.url, cookie);
  const file = (await uploaded.json()) as { data: { id: string } };
  expect([uploaded.status, ...answerProblems("POST /imports", uploaded.status, file)]).toEqual([201]);
  told.add("POST /imports");
  await call(server.url, "POST", `/imports/${file.data.id}/check`, {
    cookie,
    body: { mapping: { username: 0 } },
  });
  for (const [endpoint, path] of [
    ["GET /contacts/export", "/contacts/export?status=open"],
    ["GET /imports/:importId/problems", `/imports/${file.data.id}/problems`],
  ] as const) {
    const answered = await fetch(`${server.url}/api/v1${path}`, { headers: { cookie } });
    expect([endpoint, answered.status, answered.headers.get("content-type")]).toEqual([
      endpoint,
      200,
      expect.stringContaining("text/csv"),
    ]);
    told.add(endpoint);
  }
  const whole = await fetch(`${server.url}/api/v1/organization/export`, { headers: { cookie } });
  const lines = await whole.text();
  expect([whole.status, lines.startsWith('{"dmtracker"')]).toEqual([200, true]);
  const emptied = await server.anOrganization();
  const taken = await fetch(`${server.url}/api/v1/organization/imports`, {
    method: "POST",
    headers: { cookie: emptied.owner.cookie, "content-type": "application/x-ndjson" },
    body: lines,
  });
  const takenFile = (await taken.json()) as { data: { id: string } };
  expect(answerProblems("POST /organization/imports", taken.status, takenFile)).toEqual([]);
  const startPath = `/organization/imports/${takenFile.data.id}/start`;
  const started = await call(server.url, "POST", startPath, { cookie: emptied.owner.cookie });
  expect(
    answerProblems("POST /organization/imports/:fileImportId/start", started.status, started.body),
  ).toEqual([]);
  expect([taken.status, started.status]).toEqual([201, 202]);
  told.add("GET /organization/export");
  told.add("POST /organization/imports");
  told.add("POST /organization/imports/:fileImportId/start");
  const { body: tv } = await call<{ url: string }>(server.url, "POST", "/wins/tv-links", {
    cookie,
    body: { name: "TV" },
  });
  await run("GET /wins/screen", { headers: { "x-tv-token": tv.data.url.split("#")[1] ?? "" } });
  const newcomer = { name: "Dora", email: `dora.${Date.now()}@example.com` };
  await run("POST /sign-up", {
    body: { ...newcomer, organization_name: "Dora's", password: PASSWORD },
  });
  const mayRefuse = [200, 400, 403, 404];
  await run("POST /sign-up/link", { body: { email: "x@example.com" } }, mayRefuse);
  await run("POST /password-reset/link", { body: { email: "x@example.com" } }, mayRefuse);
  await run("POST /password-reset", { body: { token: "unknown", password: PASSWORD } }, mayRefuse);
  const { body: invited } = await call<{ invitation: { link: string } }>(server.url, "POST", "/invitations", {
    cookie,
    body: { email: `eve.${Date.now()}@example.com`, role: "member" },
  });
  const letter = invited.data.invitation.link.split("#")[1] ?? "";
  await run("POST /invitations/read", { body: { token: letter } });
  await run("POST /invitations/accept", { body: { token: letter, name: "Eve", password: PASSWORD } });
  await run("DELETE /members/:userId", { cookie });
  await run("POST /organization/owner", { cookie, body: { user_id: admin.id, password: PASSWORD } });
  await run("POST /account/password", {
    cookie,
    body: { password: PASSWORD, new_password: "another long one" },
  });
  await run("POST /organization/leave", { cookie });
  const { body: settings } = await call<{ name: string }>(server.url, "GET", "/organization/settings", {
    cookie: admin.cookie,
  });
  await run("DELETE /organization", {
    cookie: admin.cookie,
    body: { name: settings.data.name, password: PASSWORD },
  });
  await run("DELETE /account/sessions", { cookie: admin.cookie });
  expect(problems).toEqual([]);
  expect([...told].toSorted()).toEqual(Object.keys(DESCRIPTIONS).toSorted());
}, 240_000);

test("[API12] refusals are as the document says: who is nobody, and who sends nonsense", async () => {
  const { owner } = await server.anOrganization();
  for (const endpoint of Object.keys(DESCRIPTIONS) as Endpoint[]) {
    const path = (endpoint.split(" ")[1] ?? "").replace(/:\w+/g, "0".repeat(24));
    const method = methodOf(endpoint);
    const isOpen = ENDPOINTS[endpoint] === "open";
    const nobody = await call(server.url, method, path);
    if (!isOpen) expect([endpoint, nobody.status]).toEqual([endpoint, 401]);
    expect([endpoint, ...answerProblems(endpoint, nobody.status, nobody.body)]).toEqual([endpoint]);
    if (!DESCRIPTIONS[endpoint]?.body) continue;
    const nonsense = await call(server.url, method, path, { cookie: owner.cookie, body: { nonsense: true } });
    expect([endpoint, nonsense.status >= 400 && nonsense.status < 500]).toEqual([endpoint, true]);
    expect([endpoint, ...answerProblems(endpoint, nonsense.status, nonsense.body)]).toEqual([endpoint]);
  }
}, 120_000);
