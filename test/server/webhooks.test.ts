import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LeaseModel } from "@dmtracker/server/platform/lease.store.ts";
import { WebhookModel } from "@dmtracker/server/webhooks/webhook.model.ts";
import type { MadeWebhook } from "@dmtracker/shared/contracts/webhooks.ts";
import { AT_ONCE } from "@dmtracker/server/webhooks/webhook-runner.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { accept, aReceiver, refuse, type Received } from "../support/receiver.ts";
import { startServer } from "../support/server.ts";
import { aClock, isSignedBy, webhooksAt } from "../support/webhooks.ts";

const HOUR = 3_600_000;
const { now, pass } = aClock();
const options = { now, webhooksEveryMs: 40, variables: { WEBHOOK_ALLOW_PRIVATE: "1" } };
const server = await startServer(options);
const { ask, aHook, create, show, deliveries } = webhooksAt(server);

test("[WH1] [WH2] every event is sent once, in the order of the log, signed with time and a stable id", async () => {
  const hook = await aHook();
  const { organization, receiver, secret, id } = hook;
  let last = 0;
  for (const name of ["a", "b", "c"]) last = await create(organization, name);
  await eventually(() => expect(receiver.seqs.at(-1)).toBe(last));
  // Its own making is an event, too: told or not told, as both came at the same time.
  const [from = 0] = receiver.seqs;
  const expected = Array.from({ length: last - from + 1 }, (_, index) => from + index);
  expect(receiver.seqs).toEqual(expected);
  const [first] = receiver.received;
  if (!first) throw new Error("nothing was received");
  for (const received of receiver.received) expect(isSignedBy(secret, received)).toBe(true);
  expect(isSignedBy("whsec_bm90IHRoZSBzZWNyZXQ=", first)).toBe(false);
  expect(first.headers["webhook-id"]).toBe(`evt_${organization.pipeline.id}_${first.seq}`);
  const { body: log } = await call<{ events: { seq: number }[] }>(
    server.url,
    "GET",
    `/events?after=${from - 1}`,
    {
      token: organization.token,
    },
  );
  const sent = receiver.received.map(({ body }) => (JSON.parse(body) as { data: object }).data);
  expect(sent).toEqual(log.data.events);
  await eventually(async () => expect((await show(hook)).seq).toBe(last));
  const record = await WebhookModel.findById(id).lean();
  expect(JSON.stringify(record)).not.toContain(secret.slice(6));
});

test("[WH1] rivals 41, 43, 46: one change is one delivery, whichever door it came through", async () => {
  const { organization, receiver } = await aHook();
  const { token, owner, pipeline } = organization;
  const closed = pipeline.stages.find(({ name }) => name === "Closed")?.id ?? "";
  const names = ["board", "program", "many", "status"];
  for (const name of names) await create(organization, name);
  const { body } = await call<{ contacts: { id: string; username: string }[] }>(
    server.url,
    "GET",
    "/contacts",
    {
      token,
    },
  );
  const idOf = (name: string) => body.data.contacts.find(({ username }) => username === name)?.id ?? "";
  const program = (method: "PATCH" | "POST", path: string, wish: object) =>
    call(server.url, method, path, { token, body: wish });
  const client = await new BoardClient(server.url, owner.cookie, pipeline.id).open();
  await client.socket.emitWithAck("contact:change", {
    mutationId: "from-the-board",
    contactId: idOf("board"),
    stageId: closed,
  });
  await program("PATCH", "/contact/contact-status", { contact_id: idOf("program"), stage: "Closed" });
  await program("POST", "/bulk-actions", { contact_ids: [idOf("many")], stage: "Closed" });
  const last = { contact_id: idOf("status"), status: "won" };
  const done = await call<{ seq: number }>(server.url, "PATCH", "/contact/contact-status", {
    token,
    body: last,
  });
  await eventually(() => expect(receiver.seqs.at(-1)).toBe(done.body.data.seq));
  const told = receiver.received
    .filter(({ type }) => type.startsWith("contact.") && type !== "contact.created")
    .map(({ body: text }) => (JSON.parse(text) as { data: { type: string; username: string } }).data)
    .map(({ type, username }) => `${username}: ${type}`);
  expect(told).toEqual([
    "board: contact.stage_changed",
    "program: contact.stage_changed",
    "many: contact.stage_changed",
    "status: contact.status_changed",
  ]);
  client.close();
});

test("[WH3] rivals 44: only the types that were asked for are sent", async () => {
  const hook = await aHook({ events: ["contact.status_changed"] });
  const { organization, receiver } = hook;
  await create(organization, "kim");
  await call(server.url, "POST", "/organization/create-contact", {
    token: organization.token,
    body: { username: "kim", status: "won" },
  });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  expect(receiver.received[0]?.type).toBe("contact.status_changed");
  await eventually(async () => {
    const { seq, head } = await show(hook);
    expect(seq).toBe(head);
  });
  expect(receiver.received).toHaveLength(1);
});

test("[WH4] a receiver that fails gets the same event again, later each time, and nothing overtakes it", async () => {
  const hook = await aHook({ events: ["contact.created"] });
  const { organization, receiver } = hook;
  receiver.behave = refuse(500);
  const first = await create(organization, "a");
  const second = await create(organization, "b");
  await eventually(async () => expect((await show(hook)).failing?.attempts).toBe(1));
  const waits: number[] = [];
  for (let attempts = 2; attempts <= 4; attempts += 1) {
    const { failing } = await show(hook);
    const wait = Date.parse(failing?.nextAt ?? "") - now().getTime();
    waits.push(wait);
    pass(wait);
    await eventually(async () => expect((await show(hook)).failing?.attempts).toBe(attempts));
  }
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(new Set(receiver.seqs).size).toBe(1);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  receiver.behave = accept;
  pass(HOUR);
  await eventually(() => expect(receiver.seqs.at(-1)).toBe(second));
  expect(receiver.seqs.slice(-2)).toEqual([first, second]);
  await eventually(async () => expect((await show(hook)).failing).toBeNull());
});

test("[WH5] after three days without success a webhook rests with the reason, and goes on where it stood", async () => {
  const hook = await aHook({ events: ["contact.created"] });
  const { organization, receiver, id } = hook;
  receiver.behave = refuse(503);
  const seq = await create(organization, "a");
  await eventually(async () => expect((await show(hook)).failing?.attempts).toBe(1));
  pass(72 * HOUR);
  await eventually(async () => expect((await show(hook)).state).toBe("paused"));
  expect((await show(hook)).pausedBecause).toMatch(/three days.*503/);
  receiver.behave = accept;
  await ask(organization, "PATCH", `/${id}`, { enabled: true });
  await eventually(() => expect(receiver.seqs).toEqual([seq, seq, seq]));
  await eventually(async () => expect(await show(hook)).toMatchObject({ state: "active", failing: null }));
});

test("[WH5] a receiver that answers 410 is asked no more", async () => {
  const hook = await aHook();
  hook.receiver.behave = refuse(410);
  await create(hook.organization, "a");
  await eventually(async () => expect((await show(hook)).state).toBe("paused"));
  expect(hook.receiver.received).toHaveLength(1);
});

test("[WH4] a receiver that restarts misses nothing", async () => {
  const hook = await aHook({ events: ["contact.created"] });
  const { organization, receiver } = hook;
  const seqs = [await create(organization, "a")];
  await eventually(() => expect(receiver.seqs).toEqual(seqs));
  await receiver.close();
  seqs.push(await create(organization, "b"));
  await eventually(async () => expect((await show(hook)).failing?.reason).toBe("The connection was refused"));
  await receiver.open();
  seqs.push(await create(organization, "c"));
  pass(HOUR);
  await eventually(() => expect(receiver.seqs).toEqual(seqs));
});

test("[WH11] one process serves so many webhooks at once, and all of them in the end", async () => {
  const receiver = await aReceiver();
  let open = 0;
  let most = 0;
  let isFull = false;
  const held: (() => void)[] = [];
  receiver.behave = (response) => {
    open += 1;
    most = Math.max(most, open);
    const answer = () => {
      open -= 1;
      response.end("thanks");
    };
    isFull ||= open === AT_ONCE;
    held.push(answer);
    if (isFull) for (const release of held.splice(0)) release();
  };
  const organizations = [await server.anOrganization(), await server.anOrganization()];
  for (const organization of organizations) {
    for (let made = 0; made < 15; made += 1) {
      await ask(organization, "POST", "", { url: receiver.url, events: ["contact.created"] });
    }
  }
  await Promise.all(organizations.map((organization) => create(organization, "kim")));
  await eventually(() => expect(receiver.received).toHaveLength(30));
  expect(most).toBe(AT_ONCE);
});

test("[WH8] a receiver has ten seconds to answer", () => {
  expect(server.context.outbox.answerWithinMs).toBe(10_000);
});

test("[WH6] a delivery can be made again, and everything after a number replayed in order", async () => {
  const hook = await aHook({ events: ["contact.created"] });
  const { organization, receiver, id } = hook;
  const { seq: from } = await show(hook);
  const seqs: number[] = [];
  for (const name of ["a", "b", "c"]) seqs.push(await create(organization, name));
  await eventually(() => expect(receiver.seqs).toEqual(seqs));
  await eventually(async () => expect(await deliveries(hook)).toHaveLength(3));
  const [newest, , oldest] = await deliveries(hook);
  expect(newest).toMatchObject({ ok: true, status: 200, answer: "thanks", seq: seqs[2] });
  await ask(organization, "POST", `/${id}/deliveries/${oldest?.id}/redeliver`);
  expect(receiver.received.at(-1)?.headers["webhook-id"]).toBe(oldest?.eventId);
  await ask(organization, "POST", `/${id}/replay`, { after: from });
  await eventually(() => expect(receiver.seqs.slice(4)).toEqual(seqs));
  const tooFar = await ask(organization, "POST", `/${id}/replay`, { after: 1_000_000 });
  expect(tooFar.body).toMatchObject({ code: "invalid", issues: [{ path: "after" }] });
});

test("[WH7] a new secret signs at once, the old one signs along for a day", async () => {
  const hook = await aHook();
  const { organization, receiver, id, secret: old } = hook;
  const { body } = await ask<MadeWebhook>(organization, "POST", `/${id}/secret`);
  const { secret } = body.data;
  // The log's own events come to the same address, some of them from before the new secret.
  const nextPing = async (): Promise<Received> => {
    await ask(organization, "POST", `/${id}/ping`);
    return receiver.received.filter(({ type }) => type === "ping").at(-1) as Received;
  };
  const both = await nextPing();
  expect([isSignedBy(secret, both), isSignedBy(old, both)]).toEqual([true, true]);
  pass(25 * HOUR);
  const later = await nextPing();
  expect([isSignedBy(secret, later), isSignedBy(old, later)]).toEqual([true, false]);
});

test("[WH1] two processes deliver each event once, and one takes over from another that is gone", async () => {
  const second = await server.aSecondNode();
  const hook = await aHook({ events: ["contact.created"] });
  const { organization, receiver, id } = hook;
  const seqs: number[] = [];
  for (const [index, url] of Array.from({ length: 12 }, () => [server.url, second.url])
    .flat()
    .entries()) {
    const { body } = await call<{ seq: number }>(url, "POST", "/organization/create-contact", {
      token: organization.token,
      body: { username: `lead${index}` },
    });
    seqs.push(body.data.seq);
  }
  await eventually(() => expect(receiver.seqs).toEqual(seqs));
  await eventually(async () => expect((await show(hook)).seq).toBe(seqs.at(-1)));
  await LeaseModel.create({
    _id: `webhook:${id}`,
    holder: "a process that was killed",
    until: new Date(now().getTime() + 30_000),
  });
  const next = await create(organization, "late");
  const { seq } = await show(hook);
  expect(seq).toBe(seqs.at(-1));
  pass(31_000);
  await eventually(() => expect(receiver.seqs.at(-1)).toBe(next));
});

test("[WH9] addresses of the own machine and network are refused, written, hidden in a name, or by a redirect", async () => {
  const inner = createServer((_request, response) => response.end("secret"));
  await new Promise<void>((resolve) => inner.listen(0, "127.0.0.1", resolve));
  const { port } = inner.address() as AddressInfo;
  const guarded = await server.aSecondNode({ ...options, variables: {} });
  const { owner } = await server.anOrganization();
  const make = (url: string) =>
    call<MadeWebhook>(guarded.url, "POST", "/webhooks", { cookie: owner.cookie, body: { url } });
  const refused = [
    "http://example.com/hooks",
    `https://127.0.0.1:${port}`,
    `https://localhost:${port}`,
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.7/",
    "https://[fd00::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://printer.local/",
    "https://me:secret@example.com/",
    "ftp://example.com/",
    "no address",
  ];
  for (const url of refused) expect([url, (await make(url)).status]).toEqual([url, 400]);
  // A name that anybody may point anywhere: refused when it is connected to, whatever it said before.
  const { outbox } = guarded.context;
  const sent = outbox.post(
    { url: `http://localhost:${port}`, headers: {}, body: "{}" },
    AbortSignal.timeout(5_000),
  );
  await expect(sent).rejects.toThrow("not one of the public internet");
  await new Promise((resolve) => inner.close(resolve));
});

test("[WH10] webhooks are for owner and admin of their own organization", async () => {
  const hook = await aHook();
  const { organization, id } = hook;
  const { member, token } = organization;
  const as = (caller: object, method: string, path: string) => call(server.url, method, path, caller);
  expect((await as({ cookie: member.cookie }, "GET", "/webhooks")).status).toBe(403);
  expect((await as({ token }, "GET", "/webhooks")).status).toBe(403);
  const { owner } = await server.anOrganization();
  for (const [method, path] of [
    ["GET", `/webhooks/${id}/deliveries`],
    ["POST", `/webhooks/${id}/ping`],
    ["POST", `/webhooks/${id}/secret`],
    ["DELETE", `/webhooks/${id}`],
  ] as const) {
    expect([path, (await as({ cookie: owner.cookie }, method, path)).status]).toEqual([path, 404]);
  }
  expect((await ask(organization, "DELETE", `/${id}`)).status).toBe(200);
  expect((await ask(organization, "GET", `/${id}/deliveries`)).status).toBe(404);
});
