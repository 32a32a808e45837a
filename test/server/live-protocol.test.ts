import { findEventsAfter } from "@dmtracker/server/activity/event.store.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import type { BoardSnapshot } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { MAX_CATCH_UP } from "@dmtracker/shared/contracts/limits.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import mongoose from "mongoose";
import { expect, onTestFinished, test } from "vitest";
import { io, Manager } from "socket.io-client";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

const server = await startServer();
let mutations = 0;
const aMutation = () => `mutation-${(mutations += 1)}`;

const byId = (contacts: Contact[]): Contact[] => contacts.sort((a, b) => (a.id < b.id ? -1 : 1));
const userActor = ({ id, name }: TestPerson) => ({ type: "user" as const, id, name });

async function addContact({ id, pipeline, owner }: TestOrganization, username: string): Promise<string> {
  const { contactId } = await createContact(server.context, {
    organizationId: id,
    pipelineId: pipeline.id,
    actor: userActor(owner),
    contact: { username, source: "user" },
  });
  return contactId;
}

const aClient = ({ pipeline }: TestOrganization, person: TestPerson) =>
  new BoardClient(server.url, person.cookie, pipeline.id).open();

test("[RT1] rivals 6, 8: a change by one is an event with the next number for all, the sender included", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.member),
  ];
  const reply = await ana.change({ mutationId: aMutation(), contactId, status: "won" });
  expect(reply).toMatchObject({ ok: true, seq: 2, version: 2 });
  for (const client of [ana, bob]) {
    await eventually(() => expect(client.contacts.get(contactId)?.leadStatus).toBe("won"));
    expect(client.seq).toBe(2);
  }
  ana.close();
  bob.close();
});

test("[AU6] [RT8] rivals 23: a drag and its rule arrive as one message: nobody sees Closed with Open", async () => {
  const organization = await server.anOrganization();
  const { pipeline, owner } = organization;
  const closed = pipeline.stages[4]?.id ?? "";
  const rule = { type: "stage_to_status" as const, stageId: closed, status: "won" as const, enabled: true };
  await createRule(server.context, { pipelineId: pipeline.id, actor: userActor(owner) }, rule);
  const contactId = await addContact(organization, "kim.fit");
  const [ana, bob] = [await aClient(organization, owner), await aClient(organization, organization.member)];
  await ana.change({ mutationId: aMutation(), contactId, stageId: closed });
  await eventually(() => expect(bob.contacts.get(contactId)?.stageId).toBe(closed));
  expect(bob.batches).toHaveLength(1);
  expect(bob.batches[0]?.map(({ type, actor }) => [type, actor.type])).toEqual([
    ["contact.stage_changed", "user"],
    ["contact.status_changed", "automation"],
  ]);
  expect(new Set(bob.batches[0]?.map(({ batchId }) => batchId)).size).toBe(1);
  ana.close();
  bob.close();
});

test("[RT4] rivals 1, 3, 12: after an interruption a client gets exactly what it missed, without a snapshot", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.member),
  ];
  bob.socket.disconnect();
  for (const value of [1, 2, 3]) await ana.change({ mutationId: aMutation(), contactId, value });
  bob.socket.connect();
  await eventually(() => expect(bob.contacts.get(contactId)?.value).toBe(3));
  expect(bob.applied).toEqual([2, 3, 4]);
  expect(bob.snapshots).toBe(1);
  ana.close();
  bob.close();
});

test("[RT4] rivals 14: who missed more than is kept for catching up is sent to a fresh snapshot", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const bob = await aClient(organization, organization.member);
  bob.socket.disconnect();
  const change = (value: number) =>
    call(server.url, "PATCH", "/contact/contact-status", {
      token: organization.token,
      body: { contact_id: contactId, value },
    });
  for (let start = 0; start < MAX_CATCH_UP + 1; start += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => change(start + index + 1)));
  }
  bob.socket.connect();
  await eventually(() => expect(bob.snapshots).toBe(2));
  await eventually(() => expect(bob.contacts.get(contactId)?.version).toBe(1 + MAX_CATCH_UP + 50));
  bob.close();
});

test("[RT5] rivals 5, 7: a client that hears nothing notices by the heartbeat and catches up by itself", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.member),
  ];
  // The subscription dies silently: the socket stays up, broadcasts do not reach it any more.
  bob.socket.removeAllListeners("pipeline:events");
  await ana.change({ mutationId: aMutation(), contactId, value: 70 });
  await eventually(() => expect(bob.contacts.get(contactId)?.value).toBe(70));
  expect(bob.socket.connected).toBe(true);
  ana.close();
  bob.close();
});

test("[CC4] rivals 11, 47: sending a change again gets the first answer and changes nothing", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const ana = await aClient(organization, organization.owner);
  const message = { mutationId: aMutation(), contactId, value: 10 };
  const first = await ana.change(message);
  await ana.change({ mutationId: aMutation(), contactId, value: 20 });
  expect(await ana.change(message)).toEqual(first);
  expect(await ana.change({ ...message, value: 30 })).toMatchObject({ ok: false, code: "key_reused" });
  await eventually(() => expect(ana.contacts.get(contactId)).toMatchObject({ value: 20, version: 3 }));
  const twice = { mutationId: aMutation(), contactId, value: 40 };
  const other = { mutationId: aMutation(), contactId, note: "unrelated, in the same batch as a retry" };
  const [one, two] = await Promise.all([ana.change(twice), ana.change(twice)]);
  const [three, four] = await Promise.all([ana.change(twice), ana.change(other)]);
  expect(three).toEqual(one);
  expect(four).toMatchObject({ ok: true });
  expect(one).toEqual(two);
  await eventually(() => expect(ana.contacts.get(contactId)).toMatchObject({ value: 40, version: 5 }));
  ana.close();
});

test("[RT7] rivals 9: malformed messages are answered with the field and disturb nobody", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.member),
  ];
  const bad: [unknown, string][] = [
    [null, ""],
    [{}, "mutationId"],
    [{ mutationId: aMutation(), contactId: { $ne: null } }, "contactId"],
    [{ mutationId: aMutation(), contactId, status: "closed" }, "status"],
    [{ mutationId: aMutation(), contactId, value: -1 }, "value"],
    [{ mutationId: aMutation(), contactId, leadStatus: "won" }, "leadStatus"],
  ];
  for (const [message, path] of bad) {
    const reply = await ana.change(message as never);
    expect(reply).toMatchObject({ ok: false, code: "invalid" });
    expect(reply.ok ? [] : reply.issues.map((issue) => issue.path)).toContain(path);
  }
  expect(await ana.change({ mutationId: aMutation(), contactId, status: "lost" })).toMatchObject({
    ok: true,
  });
  await eventually(() => expect(bob.contacts.get(contactId)?.leadStatus).toBe("lost"));
  expect(bob.applied).toEqual([2]);
  ana.close();
  bob.close();
});

test("[RT9] totals per stage and status follow from events alone and equal a fresh snapshot", async () => {
  const organization = await server.anOrganization();
  const ids = [
    await addContact(organization, "a1"),
    await addContact(organization, "a2"),
    await addContact(organization, "a3"),
  ];
  const ana = await aClient(organization, organization.owner);
  const [first, second] = organization.pipeline.stages.map(({ id }) => id) as [string, string];
  await ana.change({ mutationId: aMutation(), contactId: ids[0] as string, value: 100 });
  await ana.change({
    mutationId: aMutation(),
    contactId: ids[0] as string,
    stageId: second,
    status: "won",
    value: 250,
  });
  await ana.change({ mutationId: aMutation(), contactId: ids[1] as string, value: 40 });
  const fresh = await aClient(organization, organization.admin);
  await eventually(() => expect(ana.pipeline.totals).toEqual(fresh.pipeline.totals));
  expect(fresh.pipeline.totals).toEqual({
    [first]: { open: { count: 2, value: 40 } },
    [second]: { open: { count: 0, value: 0 }, won: { count: 1, value: 250 } },
  });
  ana.close();
  fresh.close();
});

test("[RT13] a board that is read while changes are committed holds every change up to its number and none after", async () => {
  const organization = await server.anOrganization();
  const { owner, pipeline } = organization;
  const ids = await Promise.all(Array.from({ length: 6 }, (_, at) => addContact(organization, `kim${at}`)));
  const ana = await aClient(organization, owner);
  const readBoard = () =>
    call<BoardSnapshot>(server.url, "GET", `/pipelines/${pipeline.id}/board`, { cookie: owner.cookie });
  let isDone = false;
  const writing = ids.map(async (contactId, at) => {
    for (let round = 1; !isDone; round += 1) {
      const stageId = pipeline.stages[(at + round) % 3]?.id ?? "";
      await ana.change({ mutationId: aMutation(), contactId, stageId, value: round });
    }
  });
  const boards: BoardSnapshot[] = [];
  while (boards.length < 16) boards.push((await readBoard()).body.data);
  isDone = true;
  await Promise.all(writing);
  const events = await findEventsAfter(pipeline.id, 0, 100_000);
  // Or nothing was committed meanwhile.
  expect(new Set(boards.map((board) => board.pipeline.seq)).size).toBeGreaterThan(8);
  for (const board of boards) {
    const then = new Map<string, Contact>();
    for (const event of events.filter(({ seq }) => seq <= board.pipeline.seq)) {
      const contact = applyToContact(then.get(event.contactId ?? ""), event);
      if (contact) then.set(contact.id, contact);
    }
    const shown = board.columns.flatMap(({ contacts }) => contacts);
    expect(byId(shown)).toEqual(byId([...then.values()]));
  }
  ana.close();
});

test("[RT14] a connection is one person's: a second namespace over it is refused, and the first goes on", async () => {
  const organization = await server.anOrganization();
  const { cookie } = organization.owner;
  const { body } = await call<{ url: string }>(server.url, "POST", "/wins/tv-links", {
    cookie,
    body: { name: "TV" },
  });
  const secret = body.data.url.split("#")[1] ?? "";
  const manager = new Manager(server.url, { transports: ["websocket"], extraHeaders: { cookie } });
  onTestFinished(() => manager._close());
  const board = manager.socket("/");
  await eventually(() => expect(board.connected).toBe(true));
  const tv = manager.socket("/tv", { auth: { token: secret } });
  const refused = new Promise<Error>((resolve) => tv.once("connect_error", resolve));
  tv.connect();
  expect((await refused).message).toBe("unauthenticated");
  expect(board.connected).toBe(true);
  expect(await board.emitWithAck("pipeline:join", { pipelineId: organization.pipeline.id })).toMatchObject({
    ok: true,
  });
});

test("[RT10] signing out closes that session's sockets at once, with the reason, and no others", async () => {
  const organization = await server.anOrganization();
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.member),
  ];
  await fetch(`${server.url}/api/auth/sign-out`, {
    method: "POST",
    headers: { cookie: organization.member.cookie, origin: server.url, "content-type": "application/json" },
    body: "{}",
  });
  await eventually(() => expect(bob.revoked).toMatch(/signed out/));
  await eventually(() => expect(bob.socket.connected).toBe(false));
  expect(ana.socket.connected).toBe(true);
  ana.close();
  bob.close();
});

test("[RT10] [TN2] a removed member is out at once and cannot come back", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const bob = await aClient(organization, organization.member);
  const removal = await call(server.url, "DELETE", `/members/${organization.member.id}`, {
    cookie: organization.owner.cookie,
  });
  expect(removal.status).toBe(200);
  await eventually(() => expect(bob.revoked).toMatch(/Ana removed you from/));
  await eventually(() => expect(bob.socket.connected).toBe(false));
  const again = new BoardClient(server.url, organization.member.cookie, organization.pipeline.id);
  await expect(again.open()).rejects.toThrow("no_organization");
  const read = await call(server.url, "GET", `/contacts/${contactId}`, {
    cookie: organization.member.cookie,
  });
  expect(read).toMatchObject({ status: 403, body: { code: "no_organization" } });
  again.close();
});

test("[TN1] another organization's pipeline and contacts answer like absent ones", async () => {
  const [mine, theirs] = [await server.anOrganization(), await server.anOrganization()];
  const contactId = await addContact(theirs, "kim.fit");
  const ana = await aClient(mine, mine.owner);
  const absent = "f".repeat(24);
  const replies = await Promise.all(
    [contactId, absent].map((id) => ana.change({ mutationId: aMutation(), contactId: id, value: 1 })),
  );
  expect(replies[0]).toEqual(replies[1]);
  const joins = await Promise.all(
    [theirs.pipeline.id, absent].map((pipelineId) => ana.socket.emitWithAck("pipeline:join", { pipelineId })),
  );
  expect(joins[0]).toEqual(joins[1]);
  expect(joins[0]).toMatchObject({ ok: false, code: "not_found" });
  for (const path of [
    `/contacts/${contactId}`,
    `/contacts/${contactId}/activity`,
    `/pipelines/${theirs.pipeline.id}/board`,
  ]) {
    expect((await call(server.url, "GET", path, { token: mine.token })).status).toBe(404);
  }
  ana.close();
});

test("[RT7] a socket without a session, or from a foreign page, does not open", async () => {
  const organization = await server.anOrganization();
  const open = (headers: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const socket = io(server.url, {
        transports: ["websocket"],
        extraHeaders: headers,
        reconnection: false,
      });
      socket.once("connect", () => resolve("open"));
      socket.once("connect_error", (error) => resolve(error.message));
    });
  expect(await open({})).toBe("unauthenticated");
  const foreign = { cookie: organization.owner.cookie, origin: "https://evil.example" };
  expect(await open(foreign)).not.toBe("open");
});

test("[RT7] leaving and entering again within one connection harms nobody", async () => {
  const organization = await server.anOrganization();
  const address = `${server.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const raw = new WebSocket(address, { headers: { cookie: organization.member.cookie } } as never);
  let entered = 0;
  raw.addEventListener("message", ({ data }) => {
    const frame = String(data);
    if (frame.startsWith("0")) raw.send("40");
    if (!frame.startsWith("40") || entered > 0) return;
    entered += 1;
    // Socket.IO's own packets: leave the namespace, enter it again, at once.
    for (const packet of ["41", "40"]) raw.send(packet);
    raw.close();
  });
  const closed = new Promise((resolve) => raw.addEventListener("close", resolve));
  await eventually(() => expect(entered).toBe(1));
  await closed;
  const ana = await aClient(organization, organization.owner);
  expect(ana.socket.connected).toBe(true);
  ana.close();
});

test("[RT10] a session that has expired ends its socket's rights with the next message", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const bob = await aClient(organization, organization.member);
  await mongoose.connection
    .collection("session")
    .updateMany(
      { userId: new mongoose.Types.ObjectId(organization.member.id) },
      { $set: { expiresAt: new Date(0) } },
    );
  expect(await bob.change({ mutationId: aMutation(), contactId, value: 1 })).toMatchObject({
    ok: false,
    code: "unauthenticated",
  });
  bob.close();
});

test("[RT10] who leaves an organization is out at once", async () => {
  const organization = await server.anOrganization();
  const bob = await aClient(organization, organization.member);
  const leaving = await call(server.url, "POST", "/organization/leave", {
    cookie: organization.member.cookie,
  });
  expect(leaving.status).toBe(200);
  await eventually(() => expect(bob.revoked).toMatch(/You have left/));
  bob.close();
});

test("a contact that comes in as Won is a win", async () => {
  const organization = await server.anOrganization();
  const ana = await aClient(organization, organization.owner);
  await call(server.url, "POST", "/organization/create-contact", {
    token: organization.token,
    body: { username: "kim.fit", status: "won", value: 900 },
  });
  await eventually(() => expect(ana.wins).toHaveLength(1));
  const told = ana.batches.flat().find(({ seq }) => seq === ana.wins[0]);
  expect(told?.after).toMatchObject({ leadStatus: "won" });
  ana.close();
});

test("wins are told to the whole organization, won and withdrawn alike", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const ana = await aClient(organization, organization.owner);
  await ana.change({ mutationId: aMutation(), contactId, status: "won", value: 500 });
  await ana.change({ mutationId: aMutation(), contactId, status: "open" });
  await eventually(() =>
    expect(
      ana.wins
        .map((win) => ana.batches.flat().find(({ seq }) => seq === win))
        .map((event) => [event?.before.leadStatus, event?.after.leadStatus]),
    ).toEqual([
      ["open", "won"],
      ["won", "open"],
    ]),
  );
  ana.close();
});

test("presence tells who has which contact open, and forgets who leaves", async () => {
  const organization = await server.anOrganization();
  const contactId = await addContact(organization, "kim.fit");
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.member),
  ];
  let seen: { name: string; contactId: string | null }[] = [];
  ana.socket.on("presence", ({ viewers }) => {
    seen = viewers;
  });
  await bob.socket.emitWithAck("presence:set", { pipelineId: organization.pipeline.id, contactId });
  await eventually(() => expect(seen).toContainEqual(expect.objectContaining({ name: "Cem", contactId })));
  bob.close();
  await eventually(() => expect(seen.map(({ name }) => name)).toEqual(["Ana"]));
  ana.close();
});
