import { findLines } from "@dmtracker/server/activity/activity.store.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { TokenModel } from "@dmtracker/server/tokens/token.model.ts";
import { TagModel } from "@dmtracker/server/tags/tag.model.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call, type CallOptions } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

const patch = (organization: TestOrganization, body: unknown, options: CallOptions = {}) =>
  call<ContactStatusAnswer>(server.url, "PATCH", "/contact/contact-status", {
    token: organization.token,
    body,
    ...options,
  });

const create = (organization: TestOrganization, body: unknown, options: CallOptions = {}) =>
  call<ContactStatusAnswer>(server.url, "POST", "/organization/create-contact", {
    token: organization.token,
    body,
    ...options,
  });

async function withContact(body: Record<string, unknown> = {}) {
  const organization = await server.anOrganization();
  const { body: made } = await create(organization, { username: "@Kim.Fit ", manychat_id: 4711, ...body });
  return { organization, contactId: made.data.contact_id };
}

test("[API2] [AU1] PATCH contact-status changes status and stage, fires rules, and is logged as via API, live", async () => {
  const { organization, contactId } = await withContact();
  const { pipeline, owner } = organization;
  const closed = pipeline.stages[4]?.id ?? "";
  const rule = await createRule(
    server.context,
    { pipelineId: pipeline.id, actor: { type: "user", id: owner.id, name: owner.name } },
    { type: "status_to_stage", stageId: closed, status: "won", enabled: true },
  );
  const ana = await new BoardClient(server.url, owner.cookie, pipeline.id).open();
  const { status, body } = await patch(organization, { manychat_id: "4711", status: "won", value: 1200 });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: "success",
    data: {
      contact_id: contactId,
      manychat_id: "4711",
      username: "kim.fit",
      lead_status: "won",
      stage: { id: closed, name: "Closed" },
      changed: ["status", "stage", "value"],
      automations: [{ rule_id: rule.id, rule: "Won moves to Closed", changed: "stage" }],
      seq: 4,
    },
  });
  await eventually(() =>
    expect(ana.contacts.get(contactId)).toMatchObject({ leadStatus: "won", stageId: closed }),
  );
  const events = await findLines({ contactId: contactId }, {}, { limit: 10 });
  expect(events.map(({ type, actor }) => [type, actor.type, actor.name])).toEqual([
    ["contact.stage_changed", "automation", "Won moves to Closed"],
    ["contact.status_changed", "api", "n8n"],
    ["contact.created", "api", "n8n"],
  ]);
  ana.close();
});

test("[LS2] setting what is already there answers 200 with changed: []", async () => {
  const { organization, contactId } = await withContact();
  const { status, body } = await patch(organization, {
    contact_id: contactId,
    status: "open",
    stage: "outreach sent",
  });
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ changed: [], automations: [], seq: 1 });
  expect(await findLines({ contactId: contactId }, {}, { limit: 10 })).toHaveLength(1);
});

test("[API1] every mistake in a body is named with what is allowed, and nothing is changed", async () => {
  const { organization, contactId } = await withContact();
  const cases: [unknown, number, string, RegExp][] = [
    [{ status: "won" }, 400, "contact_id", /exactly one of/],
    [{ contact_id: contactId, manychat_id: "4711", status: "won" }, 400, "contact_id", /exactly one of/],
    [{ contact_id: contactId }, 400, "status", /at least one of/],
    [{ contact_id: contactId, status: "closed" }, 400, "status", /open.*won.*lost.*abandoned/],
    [{ contact_id: contactId, status: "won", colour: "red" }, 400, "colour", /not a known field/],
    [{ contact_id: contactId, status: { $ne: "won" } }, 400, "status", /./],
    [{ contact_id: "42", status: "won" }, 400, "contact_id", /24 hexadecimal/],
    [
      { contact_id: contactId, status: "won", lost_reason: "Price" },
      400,
      "lost_reason",
      /only with the status lost/,
    ],
    [{ contact_id: contactId, value: 1.005 }, 400, "value", /two decimals/],
    [{ manychat_id: 1.5, status: "won" }, 400, "manychat_id", /text or a whole number/],
    [{ contact_id: contactId, status: "won", value: "lots" }, 400, "value", /number/],
    [{ contact_id: contactId, stage: "Nirvana" }, 404, "stage", /Outreach Sent, In Conversation, Interested/],
    [{ contact_id: contactId, stage_id: "f".repeat(24) }, 404, "stage_id", /Meeting Booked/],
  ];
  for (const [body, status, path, message] of cases) {
    const answer = await patch(organization, body);
    expect(answer.status, JSON.stringify(body)).toBe(status);
    expect(answer.body.status).toBe("error");
    const issue = answer.body.issues?.find((candidate) => candidate.path === path);
    expect(issue?.message ?? answer.body.issues, JSON.stringify(body)).toMatch(message);
    expect(answer.body.message).not.toBe("");
  }
  expect((await patch(organization, { contact_id: "f".repeat(24), status: "won" })).status).toBe(404);
  const { body } = await call<{ contact: Contact }>(server.url, "GET", `/contacts/${contactId}`, {
    token: organization.token,
  });
  expect(body.data.contact).toMatchObject({ version: 1, leadStatus: "open" });
});

test("[API1] malformed requests: bad JSON, wrong type, too large, unknown path, no stack trace anywhere", async () => {
  const { organization } = await withContact();
  const raw = (body: string, type = "application/json", path = "/contact/contact-status") =>
    fetch(`${server.url}/api/v1${path}`, {
      method: "PATCH",
      headers: { "content-type": type, "x-org-auth-token": organization.token },
      body,
    });
  const answers = [
    [await raw("{"), 400],
    [await raw("status=won", "application/x-www-form-urlencoded"), 415],
    [await raw(JSON.stringify({ status: "x".repeat(300_000) })), 413],
    [await raw("{}", "application/json", "/nowhere"), 404],
    [await raw("[]"), 400],
    [await raw("null"), 400],
  ] as const;
  for (const [response, status] of answers) {
    const text = await response.text();
    expect(response.status, text).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ status: "error", issues: expect.any(Array) as unknown });
    expect(text).not.toMatch(/node_modules|\.ts:|at /);
  }
});

test("[API1] no token, a wrong one, and a revoked one get 401", async () => {
  const { organization, contactId } = await withContact();
  const body = { contact_id: contactId, status: "won" };
  const attempts: Record<string, string>[] = [
    {},
    { "x-org-auth-token": "dmt_wrong" },
    { "x-org-auth-token": "" },
  ];
  for (const headers of attempts) {
    const answer = await call(server.url, "PATCH", "/contact/contact-status", { body, headers });
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe("unauthenticated");
  }
  expect((await patch(organization, body)).status).toBe(200);
  await TokenModel.updateMany({ organizationId: organization.id }, { revokedAt: new Date() });
  expect((await patch(organization, body)).status).toBe(401);
});

test("[TN3] a body cannot choose another organization", async () => {
  const { organization, contactId } = await withContact();
  const other = await server.anOrganization();
  const body = { contact_id: contactId, status: "won" };
  expect((await patch(organization, { ...body, organization_id: other.id })).status).toBe(403);
  expect((await patch(organization, { ...body, page_name: "Somebody Else" })).status).toBe(403);
  expect((await patch(organization, { ...body, organization_id: organization.id })).status).toBe(200);
  expect((await patch(other, body)).status).toBe(404);
  expect((await create(organization, { username: "x", organization_id: other.id })).status).toBe(403);
});

test("[CC4] rivals 47: the same Idempotency-Key and body get the same answer, another body 409", async () => {
  const { organization, contactId } = await withContact();
  const headers = { "idempotency-key": "retry-1" };
  const first = await patch(organization, { contact_id: contactId, status: "won" }, { headers });
  await patch(organization, { contact_id: contactId, status: "open" });
  const again = await patch(organization, { contact_id: contactId, status: "won" }, { headers });
  expect(again.body.data).toEqual(first.body.data);
  const other = await patch(organization, { contact_id: contactId, status: "lost" }, { headers });
  expect([other.status, other.body.code]).toEqual([409, "key_reused"]);
  const { body } = await call<{ contact: Contact }>(server.url, "GET", `/contacts/${contactId}`, {
    token: organization.token,
  });
  expect(body.data.contact).toMatchObject({ leadStatus: "open", version: 3 });
});

test("[CC4] a retry is answered first, whatever has changed since, and however its body is written", async () => {
  const { organization, contactId } = await withContact();
  const headers = { "idempotency-key": "retry-2" };
  const first = await patch(organization, { manychat_id: "4711", status: "won", value: 5 }, { headers });
  await call(server.url, "POST", "/organization/create-contact", {
    token: organization.token,
    body: { username: "kim.fit", manychat_id: "4711" },
  });
  await changeContact(server.context, {
    organizationId: organization.id,
    contactId,
    actor: { type: "user", id: organization.owner.id, name: "Ana" },
    change: { manychatId: "4712" },
  });
  const again = await patch(organization, { value: 5, status: "won", manychat_id: 4711 }, { headers });
  expect(again.body.data).toEqual(first.body.data);
  const path = `/pipelines/${organization.pipeline.id}/rules`;
  const rule = {
    type: "stage_to_status",
    stageId: organization.pipeline.stages[4]?.id,
    status: "won",
    enabled: false,
  };
  const make = () =>
    call<{ rule: { id: string } }>(server.url, "POST", path, {
      cookie: organization.owner.cookie,
      body: rule,
      headers,
    });
  expect((await make()).body.data.rule.id).toBe((await make()).body.data.rule.id);
});

test("[CC2] a refused contact leaves nothing behind, not even its tags", async () => {
  const organization = await server.anOrganization();
  const body = { username: "kim.fit", tags: ["brand new"], lost_reason: "Price" };
  expect((await create(organization, body)).status).toBe(400);
  expect(await TagModel.countDocuments({ organizationId: organization.id })).toBe(0);
  const many = (start: number) => Array.from({ length: 40 }, (_, index) => `tag ${start + index}`);
  expect((await create(organization, { username: "kim.fit", tags: many(0) })).status).toBe(201);
  const over = await create(organization, { username: "kim.fit", tags: many(40) });
  expect([over.status, over.body.issues?.[0]?.path]).toEqual([400, "tags"]);
});

test("[API3] If-Match holds for create-contact too, where the contact is known", async () => {
  const { organization } = await withContact();
  await create(organization, { username: "kim.fit", value: 3 });
  const stale = await create(
    organization,
    { username: "kim.fit", value: 4 },
    { headers: { "if-match": "1" } },
  );
  expect([stale.status, stale.body.code]).toEqual([409, "conflict"]);
});

test("[API3] If-Match refuses to overwrite a newer contact", async () => {
  const { organization, contactId } = await withContact();
  await patch(organization, { contact_id: contactId, value: 10 });
  const stale = await patch(
    organization,
    { contact_id: contactId, status: "won" },
    { headers: { "if-match": '"1"' } },
  );
  expect([stale.status, stale.body.code]).toEqual([409, "conflict"]);
  const fresh = await patch(
    organization,
    { contact_id: contactId, status: "won" },
    { headers: { "if-match": '"2"' } },
  );
  expect(fresh.status).toBe(200);
  const odd = await patch(
    organization,
    { contact_id: contactId, status: "won" },
    { headers: { "if-match": "soon" } },
  );
  expect([odd.status, odd.body.issues?.[0]?.path]).toEqual([400, "If-Match"]);
});

test("[CC6] create-contact creates once, then updates by ManyChat id or handle, also when both come at once", async () => {
  const organization = await server.anOrganization();
  const first = await create(organization, {
    username: " @Kim.FIT",
    display_name: "Kim",
    tags: ["VIP", "vip", "podcast"],
    stage: "interested",
    message_content: "hello there",
  });
  expect(first.status).toBe(201);
  expect(first.body.data).toMatchObject({
    username: "kim.fit",
    stage: { name: "Interested" },
    changed: ["created"],
  });
  const update = await create(organization, {
    username: "kim.fit",
    manychat_id: 99,
    email: "kim@example.com",
  });
  expect(update.status).toBe(200);
  expect(update.body.data).toMatchObject({ contact_id: first.body.data.contact_id, manychat_id: "99" });
  const renamed = await create(organization, { username: "kim.fitness", manychat_id: "99" });
  expect(renamed.body.data).toMatchObject({
    contact_id: first.body.data.contact_id,
    username: "kim.fitness",
  });
  const racing = await Promise.all(
    Array.from({ length: 12 }, () => create(organization, { username: "zoe" })),
  );
  expect(racing.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(new Set(racing.map(({ body }) => body.data.contact_id)).size).toBe(1);
  const { body } = await call<{ contact: Contact; tags: { name: string }[] }>(
    server.url,
    "GET",
    `/contacts/${first.body.data.contact_id}`,
    { token: organization.token },
  );
  expect(body.data.contact).toMatchObject({
    displayName: "Kim",
    email: "kim@example.com",
    conversationStatus: "new_message",
    lastMessage: { direction: "in", text: "hello there" },
  });
  expect(body.data.tags.map(({ name }) => name)).toEqual(["podcast", "VIP"]);
  const taken = await create(organization, { username: "zoe", manychat_id: "99" });
  expect([taken.status, taken.body.code, taken.body.issues?.[0]?.path]).toEqual([
    409,
    "duplicate",
    "username",
  ]);
});

test("GET /pipelines tells the ordered stages and the head of the log; GET /events the log itself", async () => {
  const { organization, contactId } = await withContact();
  const { body } = await call<{ pipelines: { stages: { name: string }[]; seq: number }[] }>(
    server.url,
    "GET",
    "/pipelines",
    {
      token: organization.token,
    },
  );
  expect(body.data.pipelines).toHaveLength(1);
  expect(body.data.pipelines[0]?.stages.map(({ name }) => name)).toEqual([
    "Outreach Sent",
    "In Conversation",
    "Interested",
    "Meeting Booked",
    "Closed",
    "Lost",
  ]);
  expect(body.data.pipelines[0]?.seq).toBe(1);
  const events = await call<{ events: { seq: number; contactId: string }[] }>(
    server.url,
    "GET",
    "/events?after=0",
    {
      token: organization.token,
    },
  );
  expect(events.body.data.events).toMatchObject([{ seq: 1, contactId, type: "contact.created" }]);
});

test("[TN4] [AU5] rules are for owner and admin, one enabled per trigger, and act at once", async () => {
  const { organization, contactId } = await withContact();
  const { pipeline, owner, member, admin } = organization;
  const lost = pipeline.stages[5]?.id ?? "";
  const path = `/pipelines/${pipeline.id}/rules`;
  const body = { type: "stage_to_status", stageId: lost, status: "lost" };
  const ask = (cookie: string, method: string, where: string, wish?: unknown) =>
    call<{ rule: { id: string } }>(server.url, method, where, { cookie, body: wish });
  expect((await ask(member.cookie, "POST", path, body)).status).toBe(403);
  expect((await call(server.url, "POST", path, { token: organization.token, body })).status).toBe(403);
  const made = await ask(admin.cookie, "POST", path, body);
  expect(made.status).toBe(201);
  const twin = await ask(owner.cookie, "POST", path, { ...body, status: "abandoned" });
  expect([twin.status, twin.body.code]).toEqual([409, "trigger_taken"]);
  const off = await ask(owner.cookie, "POST", path, { ...body, status: "abandoned", enabled: false });
  expect(off.status).toBe(201);
  const moved = await patch(organization, { contact_id: contactId, stage: "Lost", lost_reason: "Price" });
  expect(moved.body.data).toMatchObject({ lead_status: "lost", changed: ["stage", "status", "lost_reason"] });
  const id = made.body.data.rule.id;
  expect((await ask(member.cookie, "PATCH", `${path}/${id}`, { enabled: false })).status).toBe(403);
  expect((await ask(owner.cookie, "PATCH", `${path}/${id}`, { enabled: false })).status).toBe(200);
  expect(
    (await ask(owner.cookie, "PATCH", `${path}/${off.body.data.rule.id}`, { enabled: true })).status,
  ).toBe(200);
  expect((await ask(owner.cookie, "DELETE", `${path}/${id}`)).status).toBe(200);
  expect((await ask(owner.cookie, "DELETE", `${path}/${id}`)).status).toBe(404);
  const unknownStage = await ask(owner.cookie, "POST", path, { ...body, stageId: "f".repeat(24) });
  expect([unknownStage.status, unknownStage.body.issues?.[0]?.path]).toEqual([400, "stageId"]);
});

test("[DR3] a reply from the future is refused, one without a moment was written now", async () => {
  const { token } = await server.anOrganization();
  const reply = (message_date: unknown) =>
    call(server.url, "POST", "/contact/default-reply", {
      token,
      body: { manychat_id: 7, username: "kim", message_content: "hello", message_date },
    });
  const future = await reply("2199-01-01T00:00:00Z");
  expect([future.status, future.body.issues?.[0]?.path]).toEqual([400, "message_date"]);
  expect((await reply("yesterday")).status).toBe(400);
  expect((await reply("")).status).toBe(201);
  expect((await reply(null)).status).toBe(200);
});

test("[TN3] whatever organization a default reply names, it is the caller's own or 403", async () => {
  const { token, id } = await server.anOrganization();
  const reply = (organization_id: string) =>
    call(server.url, "POST", "/contact/default-reply", {
      token,
      body: { manychat_id: 7, username: "kim", message_content: "hello", organization_id },
    });
  expect((await reply("another one")).status).toBe(403);
  expect((await reply(id)).status).toBe(201);
});

test("[CC1] a new contact is given to a member, and to nobody else", async () => {
  const { token, member } = await server.anOrganization();
  const give = (assignee_id: string) =>
    call(server.url, "POST", "/organization/create-contact", {
      token,
      body: { username: "kim", assignee_id },
    });
  const refused = await give("0".repeat(24));
  expect([refused.status, refused.body.issues?.[0]?.path]).toEqual([400, "assignee_id"]);
  expect((await give(member.id)).status).toBe(201);
});
