import fc from "fast-check";
import { expect, test } from "vitest";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { EventState, PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { ranksBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import { unfoldBoard, type Place } from "@dmtracker/shared/pipeline/unfold-board.ts";
import { ana, anId, aRule, someStages } from "../support/factories.ts";
import { createRandom, generateHistory } from "../support/generated-history.ts";

type Board = { pipeline: Pipeline; contacts: Map<string, Contact> };

function placesOf({ contacts }: Board): Map<string, Place> {
  return new Map([...contacts.values()].map(({ id, stageId, rank }) => [id, { stageId, rank }]));
}

/** Counts of nobody are no difference: they depend on the way. */
function totalsOf({ stages, totals }: Pipeline) {
  return stages.map(({ id }) =>
    Object.entries(totals[id] ?? {})
      .filter(([, { count }]) => count > 0)
      .sort(),
  );
}

/** The plain replay: every event applied to everything, in order. */
function apply({ pipeline, contacts }: Board, event: PipelineEvent): Board {
  const next = new Map(contacts);
  for (const id of event.contactId ? [event.contactId] : Object.keys(event.after.ranks ?? {})) {
    const contact = applyToContact(next.get(id), event);
    if (contact) next.set(id, contact);
  }
  return { pipeline: applyToPipeline(pipeline, event), contacts: next };
}

/** What happens to a whole pipeline now and then, told as the server tells it. */
function arrange(board: Board, { pick, next }: ReturnType<typeof createRandom>): Partial<PipelineEvent> {
  const { stages, name, rules } = board.pipeline;
  const chosen = pick(stages).id;
  const column = [...board.contacts.values()].filter(({ stageId }) => stageId === chosen);
  const ranks = ranksBetween(null, null, column.length);
  const told: [PipelineEvent["type"], EventState, EventState][] = [
    ["pipeline.renamed", { name }, { name: `${name}+` }],
    ["pipeline.stages_changed", { stages }, { stages: stages.toReversed() }],
    [
      "pipeline.stages_changed",
      { stages },
      { stages: stages.map((stage) => ({ ...stage, name: `${stage.name}${Math.floor(next() * 9)}` })) },
    ],
    ["pipeline.rules_changed", { rules }, { rules: rules.slice(1) }],
    [
      "pipeline.reranked",
      { ranks: Object.fromEntries(column.map(({ id, rank }) => [id, rank])) },
      { ranks: Object.fromEntries(column.map(({ id }, index) => [id, ranks[index] ?? ""])) },
    ],
  ];
  const [type, before, after] = pick(told);
  return { type, before, after };
}

/** All boards of a history, by the number of the event that led to them. */
function replay(seed: number): { events: PipelineEvent[]; boards: Board[] } {
  const random = createRandom(seed);
  const stages = someStages(["New", "Talking", "Booked", "Closed", "Lost"]);
  const rules = [aRule("stage_to_status", stages[3]?.id ?? "", "won")];
  const pipeline: Pipeline = {
    id: anId(),
    organizationId: anId(),
    name: "Sales",
    stages,
    rules,
    totals: {},
    seq: 0,
  };
  const boards: Board[] = [{ pipeline, contacts: new Map() }];
  const events: PipelineEvent[] = [];
  const take = (told: PipelineEvent): void => {
    const board = boards.at(-1) as Board;
    // The generator knows nothing of the new ranks that are given out here.
    const contact = board.contacts.get(told.contactId ?? "");
    const before =
      contact && told.after.rank !== undefined ? { ...told.before, rank: contact.rank } : told.before;
    const event = { ...told, before, seq: events.length + 1 };
    events.push(event);
    boards.push(apply(board, event));
  };
  generateHistory(
    {
      seed,
      contacts: 25,
      events: 250,
      pipelineId: pipeline.id,
      stages,
      rules,
      people: [{ id: anId(), name: "Ana" }],
      from: Date.parse("2026-01-01"),
      until: Date.parse("2026-02-01"),
      head: 0,
      anId,
    },
    (event) => {
      take(event);
      if (!random.chance(0.05)) return;
      const told = arrange(boards.at(-1) as Board, random);
      take({ ...event, actor: ana, contactId: null, username: null, cause: null, ...told });
    },
  );
  return { events, boards };
}

/** As a cursor gives them: one after the other, and each only when it is asked for. */
async function* fromCursor(events: readonly PipelineEvent[]): AsyncGenerator<PipelineEvent> {
  for (const event of events) yield await Promise.resolve(event);
}

test("[TM1] taking events back from now leads to the same board as replaying them from the start", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), async (seed, share) => {
      const { events, boards } = replay(seed);
      const seq = Math.floor(share * events.length);
      const now = boards.at(-1) as Board;
      const then = boards[seq] as Board;
      const taken = events.slice(seq).toReversed();
      const arrangement = { pipeline: now.pipeline, places: placesOf(now) };
      const { pipeline, places } = await unfoldBoard(arrangement, fromCursor(taken));
      expect(new Map([...places].sort())).toEqual(new Map([...placesOf(then)].sort()));
      expect(totalsOf(pipeline)).toEqual(totalsOf(then.pipeline));
      expect([pipeline.name, pipeline.stages, pipeline.rules, pipeline.seq]).toEqual([
        then.pipeline.name,
        then.pipeline.stages,
        then.pipeline.rules,
        seq,
      ]);
    }),
    { numRuns: 60 },
  );
});
