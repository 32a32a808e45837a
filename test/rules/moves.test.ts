import fc from "fast-check";
import { expect, test } from "vitest";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { FIGURES, MoveCounts, STAGE_FIGURES } from "@dmtracker/shared/pipeline/count-moves.ts";
import {
  foldMoves,
  isOfFigure,
  personOf,
  stageOfFigure,
  type MovingEvent,
} from "@dmtracker/shared/pipeline/moves.ts";
import { anId, aRule, someStages } from "../support/factories.ts";
import { generateHistory } from "../support/generated-history.ts";

function aHistory(seed: number): PipelineEvent[] {
  const stages = someStages(["New", "Talking", "Booked", "Closed", "Lost"]);
  const events: PipelineEvent[] = [];
  generateHistory(
    {
      seed,
      contacts: 20,
      events: 200,
      pipelineId: anId(),
      stages,
      rules: [aRule("stage_to_status", stages[3]?.id ?? "", "won")],
      people: [{ id: anId(), name: "Ana" }],
      from: Date.parse("2026-01-01"),
      until: Date.parse("2026-02-01"),
      head: 0,
      anId,
    },
    (event) => events.push(event),
  );
  return events;
}

const MOVES = new Set(["contact.created", "contact.stage_changed", "contact.status_changed"]);

/** Where everybody stands after these events, told plainly. */
function standings(events: readonly PipelineEvent[]): Map<string, string> {
  const contacts = new Map<string, Contact>();
  for (const event of events) {
    const contact = applyToContact(contacts.get(event.contactId ?? ""), event);
    if (contact) contacts.set(contact.id, contact);
  }
  return new Map(
    [...contacts.values()].map(({ id, stageId, leadStatus }) => [id, `${stageId} ${leadStatus}`]),
  );
}

test("[TM4] what moved is the difference of two boards: who is there and back has not moved", () => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
      const events = aHistory(seed);
      const from = Math.floor(share * events.length);
      const [then, now] = [standings(events.slice(0, from)), standings(events)];
      const differing = [...now].filter(([id, standing]) => then.get(id) !== standing);
      const moves = foldMoves(events.slice(from).filter(({ type }) => MOVES.has(type)));
      const told = moves.map(({ contactId, before, after }) => [
        contactId,
        before ? `${before.stageId} ${before.status}` : undefined,
        `${after.stageId} ${after.status}`,
      ]);
      expect(told.sort()).toEqual(differing.map(([id, standing]) => [id, then.get(id), standing]).sort());
    }),
    { numRuns: 60 },
  );
});

test("[TM4] every contact that moved counts somewhere, and nobody as two outcomes", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const move of foldMoves(
        aHistory(seed)
          .slice(60)
          .filter(({ type }) => MOVES.has(type)),
      )) {
        const of = (...figures: Parameters<typeof isOfFigure>[1][]) =>
          figures.filter((figure) => isOfFigure(move, figure)).length;
        expect(of("created", "moved", "won", "lost", "abandoned", "reopened")).toBeGreaterThan(0);
        expect(of("won", "lost", "abandoned", "reopened")).toBeLessThan(2);
        expect(of("created", "moved")).toBeLessThan(2);
      }
    }),
    { numRuns: 30 },
  );
});

test("[TM5] counting in one pass comes to what counting each person and stage by itself comes to", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const moves = foldMoves(
        aHistory(seed)
          .slice(60)
          .filter(({ type }) => MOVES.has(type)),
      );
      const counts = new MoveCounts(moves);
      const ids = moves.flatMap(({ movedBy, decidedBy }) => [movedBy, decidedBy].map((by) => by?.id ?? null));
      const stageIds = moves.flatMap(({ before, after }) => [before?.stageId ?? "", after.stageId]);
      for (const figure of FIGURES) {
        const of = moves.filter((move) => isOfFigure(move, figure));
        expect(counts.all[figure]).toBe(of.length);
        for (const id of new Set([null, ...ids])) {
          const theirs = of.filter((move) => (personOf(move, figure)?.id ?? null) === id);
          expect(counts.ofPerson(id)[figure]).toBe(theirs.length);
        }
      }
      for (const figure of STAGE_FIGURES) {
        for (const id of new Set(stageIds)) {
          const there = moves.filter(
            (move) => isOfFigure(move, figure) && stageOfFigure(move, figure) === id,
          );
          expect(counts.ofStage(id)[figure]).toBe(there.length);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("[TM4] a new contact is of whoever brought it, and what it became of whoever decided that", () => {
  const [ana, jade]: Actor[] = ["Ana", "Jade"].map((name) => ({ type: "user", id: anId(), name }));
  const [fresh, talking, contactId] = [anId(), anId(), anId()];
  const event = (seq: number, part: object) =>
    ({
      seq,
      contactId,
      username: "kim",
      cause: null,
      batchId: "b",
      at: `2026-01-0${seq}`,
      ...part,
    }) as MovingEvent;
  const events = [
    event(1, {
      type: "contact.created",
      actor: ana,
      before: {},
      after: { stageId: fresh, leadStatus: "open" },
    }),
    event(2, {
      type: "contact.stage_changed",
      actor: jade,
      before: { stageId: fresh, leadStatus: "open" },
      after: { stageId: talking },
    }),
    event(3, {
      type: "contact.status_changed",
      actor: jade,
      before: { stageId: talking, leadStatus: "open" },
      after: { leadStatus: "won" },
    }),
  ];
  const [move] = foldMoves(events);
  if (!move) throw new Error("nobody moved");
  expect([personOf(move, "created"), personOf(move, "won")]).toEqual([ana, jade]);
  expect(isOfFigure(move, "moved")).toBe(false);
  // Who was there already was moved by whoever moved it.
  expect(foldMoves(events.slice(1))).toMatchObject([{ movedBy: jade }]);
});
