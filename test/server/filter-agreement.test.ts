import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { fillDerived } from "@dmtracker/server/contacts/contact.store.ts";
import { saveContacts } from "@dmtracker/server/contacts/save-contacts.store.ts";
import type { ListOrder, PlaceInOrder } from "@dmtracker/server/contacts/contact-query.ts";
import { matchInDatabase, matchInRoster, type Matching } from "@dmtracker/server/contacts/find-matching.ts";
import { Rosters } from "@dmtracker/server/contacts/rosters.ts";
import { onSnapshot } from "@dmtracker/server/platform/on-snapshot.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { compareContacts } from "@dmtracker/shared/pipeline/contact-order.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import fc from "fast-check";
import mongoose from "mongoose";
import { expect, test } from "vitest";
import { aContact } from "../support/factories.ts";
import { someFacts, someFilters, TIME_ZONES } from "../support/filter-cases.ts";
import { startServer } from "../support/server.ts";

// Contacts of these cases are parked until moments long past: the server must not wake them while they are compared.
const server = await startServer({ wakeMs: 2_000_000_000 });
const NOW = new Date("2026-11-18T12:00:00Z");
const CONTACTS = 300;
const HANDLES = ["kim.fit", "ana_l", "東京", "𠮷野", "ﬀ", "zoe"];

const dueAt = (hours: number) => new Date(NOW.getTime() + (hours - 20) * 3_600_000).toISOString();
const anObjectId = () => new mongoose.Types.ObjectId().toHexString();

/** Contacts in the real database, saved as every contact is. */
async function aFullPipeline() {
  const { id: organizationId, pipeline, owner, member } = await server.anOrganization();
  const words = {
    stageIds: pipeline.stages.slice(0, 3).map(({ id }) => id),
    tagIds: [anObjectId(), anObjectId(), anObjectId()],
    memberIds: [owner.id, member.id],
    now: NOW,
  };
  const contacts = fc.sample(someFacts(words), CONTACTS).map((facts, index) =>
    aContact({
      ...facts,
      id: anObjectId(),
      pipelineId: pipeline.id,
      // Some of nobody, some at the same moment.
      followUp: index % 3 === 0 ? null : { dueAt: dueAt((index * 37) % 50), note: null, step: 0 },
      username: `${HANDLES[index % HANDLES.length] ?? ""}${index}`,
      rank: `a${String((index * 7_919) % CONTACTS).padStart(4, "0")}`,
    }),
  );
  const writes = contacts.map((contact) => ({ before: undefined, contact, touched: {} }));
  await onSnapshot((session) => saveContacts(writes, organizationId, session));
  return { pipeline, words, contacts };
}

const { pipeline, words, contacts } = await aFullPipeline();

async function allPages(matching: Matching, order: ListOrder, limit: number): Promise<Contact[]> {
  const found: Contact[] = [];
  let after: PlaceInOrder | undefined;
  for (;;) {
    const page = await matching.page({ order, after, limit });
    found.push(...page.contacts);
    if (!page.more) return found;
    after = page.end;
  }
}

const anOrder = fc.record({
  by: fc.constantFrom(
    "last_activity" as const,
    "last_message" as const,
    "created" as const,
    "value" as const,
    "username" as const,
    "status_changed" as const,
    "follow_up" as const,
  ),
  direction: fc.constantFrom("asc" as const, "desc" as const),
});

const idsOf = (found: readonly Contact[]) => found.map(({ id }) => id);

test("[FI1] [FI6] the database, the roster and the browser find the same contacts in the same order", async () => {
  const roster = await new Rosters().current(pipeline.id);
  expect(roster?.size).toBe(CONTACTS);
  if (!roster) return;
  await fc.assert(
    fc.asyncProperty(
      someFilters(words),
      fc.constantFrom(...TIME_ZONES),
      anOrder,
      async (filter, timeZone, order) => {
        const moment = { now: NOW, timeZone };
        const expected = contacts
          .filter((contact) => matchesFilter(contact, filter, moment))
          .sort(compareContacts(order.by, order.direction));
        const value = expected.reduce((sum, contact) => sum + (contact.value ?? 0), 0);
        for (const matching of [
          await matchInDatabase(pipeline, filter, moment),
          matchInRoster(roster, filter, moment),
        ]) {
          const limit = Math.max(1, Math.ceil(expected.length / 2));
          expect(idsOf(await allPages(matching, order, limit))).toEqual(idsOf(expected));
          const totals = Object.values(matching.totals);
          expect(totals.reduce((sum, { count }) => sum + count, 0)).toBe(expected.length);
          expect(totals.reduce((sum, total) => sum + total.value, 0)).toBeCloseTo(value);
        }
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);

test("[FI1] [FI8] columns of a filtered board agree as well, in board order", async () => {
  const roster = await new Rosters().current(pipeline.id);
  if (!roster) throw new Error("no roster");
  const filter: ContactFilter = { leadStatus: ["open", "won"] };
  const moment = { now: NOW, timeZone: "UTC" };
  for (const stageId of words.stageIds) {
    const expected = contacts
      .filter((contact) => contact.stageId === stageId && matchesFilter(contact, filter, moment))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1));
    for (const matching of [
      await matchInDatabase(pipeline, filter, moment),
      matchInRoster(roster, filter, moment),
    ]) {
      const [page] = await matching.columns([stageId], { limit: 200 });
      expect(idsOf(page?.contacts ?? [])).toEqual(idsOf(expected));
      expect(matching.totals[stageId]?.count ?? 0).toBe(expected.length);
    }
  }
});

test("[FI1] contacts that an older version has saved are found after the next start", async () => {
  const old = contacts.slice(0, 5).map(({ id }) => new mongoose.Types.ObjectId(id));
  await ContactModel.collection.updateMany(
    { _id: { $in: old } },
    { $unset: { searchTerms: 1, lastMessageAt: 1 } },
  );
  await fillDerived(pipeline.id);
  const moment = { now: NOW, timeZone: "UTC" };
  const filter: ContactFilter = { search: "kim", date: { field: "last_message", from: "2000-01-01" } };
  const matching = await matchInDatabase(pipeline, filter, moment);
  const { contacts: found } = await matching.page({
    order: { by: "created", direction: "asc" },
    limit: CONTACTS,
  });
  const expected = contacts.filter((contact) => matchesFilter(contact, filter, moment));
  expect(idsOf(found).sort()).toEqual(idsOf(expected).sort());
});
