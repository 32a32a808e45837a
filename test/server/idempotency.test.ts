import { makeResetLink } from "@dmtracker/server/accounts/make-reset-link.ts";
import { DESCRIPTIONS } from "@dmtracker/server/api-reference/openapi-document.ts";
import { ANSWERED_IN_COMMIT, ENDPOINTS, type Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { keepFirstAnswer } from "@dmtracker/server/pipeline/keep-first-answer.ts";
import { AppError } from "@dmtracker/server/platform/app-error.ts";
import { answer, errorHandler } from "@dmtracker/server/platform/http.ts";
import express, { type RequestHandler } from "express";
import mongoose from "mongoose";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  aWorld,
  methodOf,
  ORDINARY,
  realCall,
  TOLD_APART,
  upload,
  uploadOrganization,
} from "../support/api-world.ts";
import { call, type Answer, type CallOptions } from "../support/http.ts";
import { PASSWORD, startServer, type TestOrganization } from "../support/server.ts";

let later = 0;
const server = await startServer({
  variables: { WEBHOOK_ALLOW_PRIVATE: "1" },
  webhooksEveryMs: 2_000_000_000,
  now: () => new Date(Date.now() + later),
});
const second = await server.aSecondNode();

const isWrite = (endpoint: Endpoint): boolean => methodOf(endpoint) !== "GET";
const keyed = (key: string) => ({ "idempotency-key": key });

/** Another value for the first of these that a body has: still a call that makes sense. */
const OTHERWISE: Record<string, unknown> = {
  name: "Something else",
  message_content: "Is it still on?",
  status: "lost",
  days: 77,
  add: ["Hot"],
  parked: { until: new Date(Date.now() + 5 * 86_400_000).toISOString(), reason: "away" },
  time_zone: "Asia/Tokyo",
  enabled: true,
  username: "somebody.else",
};

/** The same call with something else in it. Who claims a key looks at what was sent, whether it makes sense or not. */
function otherBody(endpoint: Endpoint, body: object): object {
  if (!ANSWERED_IN_COMMIT.has(endpoint)) return { ...body, other: true };
  const field = Object.keys(OTHERWISE).find((name) => name in body);
  return field === undefined ? body : { ...body, [field]: OTHERWISE[field] };
}

type Asked = { endpoint: Endpoint; path: string; options: CallOptions };

/** Once here, once more at the other process, and once with something else under the same key. */
async function callTwice({ endpoint, path, options }: Asked, other: { path: string; body: unknown }) {
  const method = methodOf(endpoint);
  const sent = { ...options, headers: { ...options.headers, ...keyed(`key of ${endpoint}`) } };
  const ask = (url: string, at: string, body: unknown) =>
    call(url, method, at, { ...sent, ...(body !== undefined && { body }) });
  const first = await ask(server.url, path, options.body);
  const again = await ask(second.url, path, options.body);
  const reused = await ask(server.url, other.path, other.body);
  return { first, again, reused };
}

type Called = Awaited<ReturnType<typeof callTwice>>;

function problemsOf(endpoint: Endpoint, { first, again, reused }: Called): unknown[] {
  const found: unknown[] = [];
  if (first.status >= 300) found.push({ endpoint, first: first.body });
  const isSame = again.status === first.status && JSON.stringify(again.body) === JSON.stringify(first.body);
  if (!isSame) found.push({ endpoint, first: first.body, again: again.body });
  if (reused.body.code !== "key_reused") found.push({ endpoint, reused: reused.body });
  return found;
}

test("[IK1] every write of the table answers a repeated key as it did the first time, at another process too, and refuses it for another call", async () => {
  const organization = await server.anOrganization();
  const { owner, token } = organization;
  const inReal = await aWorld(server.url, organization);
  const problems: unknown[] = [];
  for (const endpoint of ORDINARY.filter(isWrite)) {
    const description = DESCRIPTIONS[endpoint];
    const caller = description?.chapter === "Integrations" ? { token } : { cookie: owner.cookie };
    const example = description?.example?.body as object | undefined;
    const real = await realCall(endpoint, inReal, example);
    const other = await realCall(endpoint, inReal, example && otherBody(endpoint, example));
    const asked = { endpoint, path: real.path, options: { ...caller, body: real.body } };
    if (JSON.stringify(other) === JSON.stringify(real)) other.path += "&other=1";
    problems.push(...problemsOf(endpoint, await callTwice(asked, other)));
  }
  expect(problems).toEqual([]);
}, 120_000);

/** What has no example that works by itself, in an order in which none ends what the next one needs. */
async function tellApart(organization: TestOrganization): Promise<Partial<Record<Endpoint, CallOptions>>> {
  const { owner, admin, member } = organization;
  const cookie = owner.cookie;
  const { body: invited } = await call<{ invitation: { link: string } }>(server.url, "POST", "/invitations", {
    cookie,
    body: { email: `eve.${Date.now()}@example.com`, role: "member" },
  });
  const letter = invited.data.invitation.link.split("#")[1] ?? "";
  const reset = (await makeResetLink(server.context, member.id)).split("#")[1] ?? "";
  const dora = { name: "Dora", email: `dora.${Date.now()}@example.com` };
  return {
    "POST /sign-up": { body: { ...dora, organization_name: "Dora's", password: PASSWORD } },
    "POST /sign-up/link": { body: { email: "x@example.com" } },
    "POST /password-reset/link": { body: { email: "x@example.com" } },
    "POST /password-reset": { body: { token: reset, password: PASSWORD } },
    "POST /invitations/read": { body: { token: letter } },
    "POST /invitations/accept": { body: { token: letter, name: "Eve", password: PASSWORD } },
    "DELETE /members/:userId": { cookie },
    "POST /account/password": { cookie, body: { password: PASSWORD, new_password: `${PASSWORD}!` } },
    "POST /organization/owner": { cookie, body: { user_id: admin.id, password: `${PASSWORD}!` } },
  };
}

/** Whoever has done one of these is nobody here any more: asked again, they are told so. */
const ENDS_THE_CALLER = {
  "POST /organization/leave": "no_organization",
  "DELETE /organization": "no_organization",
  "DELETE /account/sessions": "unauthenticated",
} as const satisfies Partial<Record<Endpoint, string>>;

test("[IK1] so does every write that no example can show, with the cookies that came with the first answer", async () => {
  const organization = await server.anOrganization();
  const inReal = await aWorld(server.url, organization);
  const calls = await tellApart(organization);
  const problems: unknown[] = [];
  const told: string[] = [
    ...Object.keys(ENDS_THE_CALLER),
    "POST /imports",
    // Bodies that are files, and what only an organization with nothing in it does.
    "POST /organization/imports",
    "POST /organization/imports/:fileImportId/start",
  ];
  const cookies: Record<string, Answer["headers"][]> = {};
  for (const [endpoint, options] of Object.entries(calls) as [Endpoint, CallOptions][]) {
    const { path } = await realCall(endpoint, inReal, undefined);
    const called = await callTwice(
      { endpoint, path, options },
      {
        path: options.body ? path : `${path}&other=1`,
        body: options.body && { ...options.body, other: true },
      },
    );
    told.push(endpoint);
    // Who has given it away may not ask for it again.
    if (endpoint === "POST /organization/owner") {
      expect([called.first.status, called.again.status]).toEqual([200, 403]);
      continue;
    }
    cookies[endpoint] = [called.first.headers, called.again.headers];
    problems.push(...problemsOf(endpoint, called));
  }
  expect(problems).toEqual([]);
  for (const endpoint of ["POST /sign-up", "POST /invitations/accept"]) {
    const [first, again] = (cookies[endpoint] ?? []).map((headers) => headers.getSetCookie());
    expect(again).toEqual(first);
    expect(first?.join()).toContain("session_token");
  }
  const apart = TOLD_APART.filter(isWrite);
  expect(told.toSorted()).toEqual([...apart].toSorted());
  expect([...ORDINARY, ...apart].filter(isWrite).toSorted()).toEqual(
    (Object.keys(ENDPOINTS) as Endpoint[]).filter(isWrite).toSorted(),
  );
});

test.each(Object.entries(ENDS_THE_CALLER))(
  "[IK1] %s happens once, and then its caller is nobody: %s",
  async (endpoint, code) => {
    const organization = await server.anOrganization();
    const { owner, member } = organization;
    const { body: settings } = await call<{ name: string }>(server.url, "GET", "/organization/settings", {
      cookie: owner.cookie,
    });
    const isOwners = endpoint === "DELETE /organization";
    const options = {
      cookie: isOwners ? owner.cookie : member.cookie,
      headers: keyed("the end"),
      ...(isOwners && { body: { name: settings.data.name, password: PASSWORD } }),
    };
    const [method = "", path = ""] = endpoint.split(" ");
    expect((await call(server.url, method, path, options)).status).toBe(200);
    expect((await call(server.url, method, path, options)).body.code).toBe(code);
  },
);

test("[IK1] the file of an organization is uploaded once under the same key, another file is refused", async () => {
  const { owner } = await server.anOrganization();
  const send = async (text?: string) => {
    const options = { key: "organization", ...(text !== undefined && { text }) };
    const response = await uploadOrganization(server.url, owner.cookie, options);
    return { status: response.status, body: (await response.json()) as Answer<{ id: string }>["body"] };
  };
  const [first, again] = [await send(), await send()];
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.body).toEqual(first.body);
  expect((await send('{"else":{}}')).body.code).toBe("key_reused");
});

test("[IK1] the same file under the same key is uploaded once, another file is refused", async () => {
  const { owner } = await server.anOrganization();
  const send = async (text?: string) => {
    const options = { key: "file", ...(text !== undefined && { text }) };
    const response = await upload(server.url, owner.cookie, options);
    return { status: response.status, body: (await response.json()) as Answer<{ id: string }>["body"] };
  };
  const both = await Promise.all([send(), send()]);
  const third = await send();
  expect(new Set([...both, third].map(({ body }) => body.data.id)).size).toBe(1);
  expect(third.status).toBe(201);
  expect((await send("Username\nkim.fit\n")).body.code).toBe("key_reused");
  const { body } = await call<{ imports: unknown[] }>(server.url, "GET", "/imports", {
    cookie: owner.cookie,
  });
  expect(body.data.imports).toHaveLength(1);
  const parts = await mongoose.connection.collection("importparts").countDocuments({
    importId: { $in: [new mongoose.Types.ObjectId(third.body.data.id)] },
  });
  expect(parts).toBe(1);
});

test("[IK1] a key that one endpoint has used is refused by every other, whichever way each keeps its answer", async () => {
  const { owner, token, pipeline } = await server.anOrganization();
  const { body: made } = await call<{ contact_id: string }>(
    server.url,
    "POST",
    "/organization/create-contact",
    {
      token,
      body: { username: "kim.fit" },
    },
  );
  const id = made.data.contact_id;
  const calls: [string, string, object][] = [
    ["PATCH", "/contact/contact-status", { contact_id: id, status: "won" }],
    ["POST", "/bulk-actions", { contact_ids: [id], value: 5 }],
    ["POST", "/tags", { name: "Warm" }],
    ["POST", "/tokens", { name: "n8n two" }],
    ["POST", `/pipelines/${pipeline.id}/stages`, { name: "Signed" }],
    ["POST", "/views", { name: "Mine", place: "board", pipelineId: pipeline.id, filter: {} }],
  ];
  for (const [index, first] of calls.entries()) {
    const ask = async ([method, path, body]: (typeof calls)[number]) =>
      (await call(server.url, method, path, { cookie: owner.cookie, body, headers: keyed(`at ${index}`) }))
        .body.code;
    expect(await ask(first)).toBeUndefined();
    for (const other of calls.filter((each) => each !== first)) {
      expect([first[1], other[1], await ask(other)]).toEqual([first[1], other[1], "key_reused"]);
    }
  }
  const { body } = await call<{ tokens: unknown[] }>(server.url, "GET", "/tokens", { cookie: owner.cookie });
  expect(body.data.tokens).toHaveLength(2);
});

test("[IK1] a key belongs to who sends it: another person, token or organization may use the same", async () => {
  const [one, other] = [await server.anOrganization(), await server.anOrganization()];
  const make = (cookie: string, name: string) =>
    call<{ token: { id: string } }>(server.url, "POST", "/tokens", {
      cookie,
      body: { name },
      headers: keyed("same"),
    });
  const made = [
    await make(one.owner.cookie, "a"),
    await make(one.admin.cookie, "b"),
    await make(other.owner.cookie, "c"),
  ];
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
});

test("[IK2] ten equal calls at once, at two processes, are done once and answered alike", async () => {
  const { owner } = await server.anOrganization();
  const make = (index: number) =>
    call<{ secret: string }>(index % 2 ? server.url : second.url, "POST", "/tokens", {
      cookie: owner.cookie,
      body: { name: "ManyChat" },
      headers: keyed("at once"),
    });
  const made = await Promise.all(Array.from({ length: 10 }, (_, index) => make(index)));
  expect(new Set(made.map(({ status, body }) => `${status} ${body.data.secret}`)).size).toBe(1);
  expect(made[0]?.status).toBe(201);
  const { body } = await call<{ tokens: { name: string }[] }>(server.url, "GET", "/tokens", {
    cookie: owner.cookie,
  });
  expect(body.data.tokens.filter(({ name }) => name === "ManyChat")).toHaveLength(1);
});

test("[IK3] a refused call leaves its key free; one that never came to an end is not done again", async () => {
  const { id, owner } = await server.anOrganization();
  const make = (name: unknown, key: string) =>
    call(server.url, "POST", "/tokens", { cookie: owner.cookie, body: { name }, headers: keyed(key) });
  expect((await make(7, "retry")).status).toBe(400);
  expect((await make("Zapier", "retry")).status).toBe(201);
  const mutations = mongoose.connection.collection("mutations");
  const ofThis = { organizationId: new mongoose.Types.ObjectId(id), mutationId: `user:${owner.id}:retry` };
  // As a process leaves it that is cut off before it can answer.
  await mutations.updateOne(ofThis, { $set: { answer: null, claimedAt: new Date() } });
  later = 120_000;
  const lost = await make("Zapier", "retry");
  later = 0;
  expect([lost.status, lost.body.code]).toEqual([409, "conflict"]);
  expect(lost.body.message).toContain("Look whether it was done");
  expect((await make("x".repeat(4), "k".repeat(256))).body.issues?.[0]?.path).toBe("Idempotency-Key");
});

/** The doors of claimed calls with ends of our own: what they answer under a key. */
async function withEnd(end: RequestHandler) {
  const app = express();
  app.use((_request, response, next) => {
    Object.assign(response.locals, { endpoint: "POST /tokens" satisfies Endpoint });
    next();
  });
  app.use(keepFirstAnswer(server.context), end, errorHandler(server.context.logger));
  const listening = app.listen(0);
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  onTestFinished(() => void listening.close());
  return async (key: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: keyed(key) });
    const { code, message } = (await response.json()) as Answer["body"];
    return { status: response.status, retryAfter: response.headers.get("retry-after"), code, message };
  };
}

test("[IK3] a call that ended on its way in something that passes says at once to look, and asks for no second try", async () => {
  let runs = 0;
  const ask = await withEnd(() => {
    runs += 1;
    throw new AppError("busy", "The database does not answer", { retryAfterS: 3 });
  });
  const first = await ask("passes");
  expect(first).toMatchObject({ status: 409, retryAfter: null, code: "conflict" });
  expect(first.message).toContain("Look whether it was done");
  expect(await ask("passes")).toEqual(first);
  expect(runs).toBe(1);
});

test("[IK3] a call that was refused before it began may come again with its key, when it is told", async () => {
  const ask = await withEnd(() => {
    throw new AppError("rate_limited", "Too many calls", { retryAfterS: 3 });
  });
  for (const _ of [1, 2])
    expect(await ask("limited")).toMatchObject({ status: 429, retryAfter: "3", code: "rate_limited" });
});

test("[IK2] what fails after the answer changes nothing about it, and the process goes on", async () => {
  const ask = await withEnd((_request, response) => {
    answer(response, {}, "Done", 201);
    throw new Error("after the answer");
  });
  const first = await ask("twice");
  expect(first).toMatchObject({ status: 201, message: "Done" });
  expect(await ask("twice")).toEqual(first);
});

test("[IK4] a secret is told again to who asks again, and stands nowhere in the database", async () => {
  const { owner } = await server.anOrganization();
  const make = () =>
    call<{ secret: string }>(server.url, "POST", "/tokens", {
      cookie: owner.cookie,
      body: { name: "Make" },
      headers: keyed("told"),
    });
  const { secret } = (await make()).body.data;
  expect((await make()).body.data.secret).toBe(secret);
  const records = await mongoose.connection.collection("mutations").find({}).toArray();
  const stored = JSON.stringify(records);
  expect(stored).toContain("told");
  expect(stored).not.toContain(secret);
  const sealed = records.find(({ mutationId }) => String(mutationId).endsWith(":told"));
  expect(Buffer.from(String(sealed?.answer), "base64").toString("utf8")).not.toContain(secret);
  expect((sealed?.expireAt as Date).getTime()).toBeLessThan(Date.now() + 86_400_000 + 1_000);
});
