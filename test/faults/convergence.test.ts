import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { ContactModel, toContact, type ContactRecord } from "@dmtracker/server/contacts/contact.model.ts";
import { EventModel, toEvent, type EventRecord } from "@dmtracker/server/activity/event.model.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { findPipeline } from "@dmtracker/server/pipeline/pipeline.store.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { ChangeContactMessage } from "@dmtracker/shared/contracts/realtime.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const SOCKET_CLIENTS = 20;
const API_CLIENTS = 5;
const CONTACTS = 50;
const CHANGES = 2_000;

const server = await startServer();
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/** Sends one change until it is answered, whatever happens to the connection: the same mutation every time. */
async function changeForSure(client: BoardClient, message: ChangeContactMessage): Promise<boolean> {
  for (;;) {
    try {
      const reply = await client.change(message);
      if (!reply.ok && reply.code !== "conflict") throw new Error(`refused: ${reply.code} ${reply.message}`);
      return reply.ok;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("refused")) throw error;
      await delay(20);
    }
  }
}

async function workAsRep(client: BoardClient, stageIds: string[], changes: number): Promise<number> {
  let accepted = 0;
  for (let done = 0; done < changes; done += 1) {
    const contact = pick([...client.contacts.values()]);
    const stageId = pick(stageIds);
    const column = client.column(stageId);
    const wish =
      Math.random() < 0.6
        ? { stageId, after: column.length > 0 ? pick(column) : null }
        : { status: pick(LeadStatus.options) };
    const message = { mutationId: randomUUID(), contactId: contact.id, version: contact.version, ...wish };
    if (await changeForSure(client, message)) accepted += 1;
  }
  return accepted;
}

async function workAsApi(
  { token }: TestOrganization,
  ids: string[],
  stageIds: string[],
  changes: number,
): Promise<void> {
  for (let done = 0; done < changes; done += 1) {
    const wish = Math.random() < 0.5 ? { stage_id: pick(stageIds) } : { status: pick(LeadStatus.options) };
    const { status, body } = await call(server.url, "PATCH", "/contact/contact-status", {
      token,
      body: { contact_id: pick(ids), ...wish },
    });
    if (status !== 200) throw new Error(`${status} ${body.message}`);
  }
}

/** Cuts connections at random: some close cleanly, some lose the transport in the middle of everything. */
async function disturb(clients: BoardClient[], isOver: () => boolean): Promise<number> {
  let cuts = 0;
  while (!isOver()) {
    const client = pick(clients);
    await delay(Math.random() * 40);
    // Who is still on the way back is left alone: a client that never gets through proves nothing.
    if (!client.socket.connected || client.isJoining) continue;
    cuts += 1;
    if (Math.random() < 0.5) client.socket.io.engine?.close();
    else {
      client.socket.disconnect();
      await delay(Math.random() * 60);
      client.socket.connect();
    }
  }
  for (const client of clients) if (!client.socket.connected) client.socket.connect();
  return cuts;
}

const byId = (contacts: Iterable<Contact>) => [...contacts].sort((a, b) => (a.id < b.id ? -1 : 1));

test("[CC1] [RT3] [CC7] [RT9] 20 reps and 5 API clients, 2,000 random changes, random cuts: one truth everywhere", async () => {
  const organization = await server.anOrganization();
  const { pipeline, owner, admin, member } = organization;
  const stageIds = pipeline.stages.map(({ id }) => id);
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  const [, , , , closed, lost] = stageIds as [string, string, string, string, string, string];
  for (const [type, stageId, status] of [
    ["stage_to_status", closed, "won"],
    ["stage_to_status", lost, "lost"],
    ["status_to_stage", lost, "abandoned"],
  ] as const) {
    await createRule(
      server.context,
      { pipelineId: pipeline.id, actor },
      { type, stageId, status, enabled: true },
    );
  }
  const made = await Promise.all(
    Array.from({ length: CONTACTS }, (_, index) =>
      createContact(server.context, {
        organizationId: organization.id,
        pipelineId: pipeline.id,
        actor,
        contact: { username: `c${index}`, source: "user" },
      }),
    ),
  );
  const ids = made.map(({ contactId }) => contactId);
  const startSeq = (await findPipeline(pipeline.id))?.seq ?? 0;
  const clients = await Promise.all(
    Array.from({ length: SOCKET_CLIENTS }, (_, index) =>
      new BoardClient(server.url, pick([owner, admin, member]).cookie, pipeline.id).open().then((client) => {
        expect(client.seq, `client ${index} starts at the head`).toBe(startSeq);
        return client;
      }),
    ),
  );

  const share = CHANGES / (SOCKET_CLIENTS + API_CLIENTS);
  let isOver = false;
  const disturbance = disturb(clients, () => isOver);
  await Promise.all([
    ...clients.map((client) => workAsRep(client, stageIds, share)),
    ...Array.from({ length: API_CLIENTS }, () => workAsApi(organization, ids, stageIds, share)),
  ]);
  isOver = true;
  expect(await disturbance).toBeGreaterThan(20);

  const stored = await findPipeline(pipeline.id);
  const head = stored?.seq ?? 0;
  await eventually(() => clients.forEach((client) => expect(client.seq).toBe(head)), 20_000);

  const records = await ContactModel.find({ pipelineId: pipeline.id }).lean<ContactRecord[]>();
  const saved = byId(records.map(toContact));
  const numbers = Array.from({ length: head - startSeq }, (_, index) => startSeq + index + 1);
  for (const client of clients) {
    expect(byId(client.contacts.values())).toEqual(saved);
    expect(client.pipeline.totals).toEqual(clients[0]?.pipeline.totals);
    expect(client.applied).toEqual(numbers);
    client.close();
  }

  const log = (await EventModel.find({ pipelineId: pipeline.id }).sort({ seq: 1 }).lean<EventRecord[]>()).map(
    toEvent,
  );
  expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  const folded = new Map<string, Contact>();
  for (const event of log) {
    if (!event.contactId) continue;
    const contact = applyToContact(folded.get(event.contactId), event);
    if (contact) folded.set(event.contactId, contact);
  }
  expect(byId(folded.values())).toEqual(saved);
  const recounted = log.reduce(applyToPipeline, { ...pipeline, seq: 0, totals: {} });
  expect(recounted.totals).toEqual(stored?.totals);
  const ranks = saved.map(({ stageId, rank }) => `${stageId} ${rank}`);
  expect(new Set(ranks).size).toBe(CONTACTS);
});
