import { Roster, topOf, type RosterEntry } from "@dmtracker/server/contacts/roster.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { compareRanked } from "@dmtracker/shared/pipeline/ranks.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aContact } from "../support/factories.ts";
import { factsOf } from "@dmtracker/shared/pipeline/filter.ts";

const MOMENT = { now: "2026-11-18T12:00:00Z", timeZone: "UTC" };
const pipelineAt = (seq: number) => ({ id: "p", seq }) as Pipeline;

function anEntry(id: string, stageId: string, rank: string): RosterEntry {
  const contact = aContact({ id, stageId, rank });
  return { ...factsOf(contact, true), id, rank, username: contact.username, value: null, followUpAt: null };
}

/** Few ids and ranks: contacts meet again, and some share a rank. */
const entries = (most: number) =>
  fc.uniqueArray(
    fc
      .record({ id: fc.nat(most * 2), stage: fc.nat(3), rank: fc.nat(most) })
      .map(({ id, stage, rank }) => anEntry(`c${String(id).padStart(6, "0")}`, `s${stage}`, `a${rank}`)),
    { selector: ({ id }) => id, maxLength: most, minLength: Math.floor(most / 2) },
  );

function expectedColumns(all: Iterable<RosterEntry>): Record<string, RosterEntry[]> {
  const sorted = [...all].sort(compareRanked);
  return Object.groupBy(sorted, ({ stageId }) => stageId) as Record<string, RosterEntry[]>;
}

function checkAdvances(most: number, numRuns: number): void {
  fc.assert(
    fc.property(
      entries(most),
      fc.array(entries(most), { maxLength: 4 }),
      fc.nat(2),
      (first, changes, drop) => {
        const roster = new Roster(pipelineAt(1), first);
        const expected = new Map(first.map((entry) => [entry.id, entry]));
        for (const [round, changed] of changes.entries()) {
          // Some of those that changed are there no more.
          const present = changed.filter((_, index) => drop === 0 || index % 3 !== drop);
          for (const { id } of changed) expected.delete(id);
          for (const entry of present) expected.set(entry.id, entry);
          roster.advance(pipelineAt(round + 2), new Set(changed.map(({ id }) => id)), present);
          const columns = Object.fromEntries(roster.findMatching({}, MOMENT));
          expect(columns).toEqual(expectedColumns(expected.values()));
          expect(roster.size).toBe(expected.size);
          expect(roster.pipeline.seq).toBe(round + 2);
        }
      },
    ),
    { numRuns },
  );
}

test("[FI1] [FI8] a roster that takes in changes has the columns that a fresh one has", () => {
  checkAdvances(24, 200);
});

test("[FI1] [FI8] so it has when more changed than is taken in one by one", () => {
  checkAdvances(2_600, 4);
});

test("[FI8] pages of a column follow on each other, also behind a contact that has gone", () => {
  fc.assert(
    fc.property(entries(30), fc.integer({ min: 1, max: 7 }), (all, limit) => {
      const column = all.map((entry) => ({ ...entry, stageId: "s0" })).sort(compareRanked);
      const read: RosterEntry[] = [];
      for (let after: RosterEntry | undefined; ; after = read.at(-1)) {
        const page = topOf(column, { after, limit });
        if (page.length === 0) break;
        read.push(...page);
      }
      expect(read).toEqual(column);
      const [gone, ...rest] = column;
      if (gone) expect(topOf(rest, { after: gone, limit })).toEqual(rest.slice(0, limit));
    }),
  );
});
