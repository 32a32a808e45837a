import type { ContactMove, Moves, MovesQuery } from "@dmtracker/shared/contracts/moves.ts";
import type { Member } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { FIGURES, MoveCounts, STAGE_FIGURES } from "@dmtracker/shared/pipeline/count-moves.ts";
import { foldMoves, isOfFigure, personOf, stageOfFigure } from "@dmtracker/shared/pipeline/moves.ts";
import { addDays, dayOf, startOfDay } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMovesSince } from "#server/activity/recent-moves.store.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { inPastGate } from "./past-gate.ts";
import { findPipeline } from "./pipeline.store.ts";

/** Events that one answer reads at most. */
const MAX_READ = 100_000;
const MAX_LISTED = 500;

export type MovesWanted = { organizationId: string; pipelineId: string; query: MovesQuery };

/** Everybody who is a member or did something, then what no person did. */
function countMembers(
  moves: readonly ContactMove[],
  members: readonly Member[],
  counts: MoveCounts,
): Moves["members"] {
  const names = new Map(members.map(({ id, name }) => [id, name]));
  for (const { movedBy, decidedBy } of moves)
    for (const by of [movedBy, decidedBy])
      if (by?.type === "user" && by.id !== null && !names.has(by.id)) names.set(by.id, by.name);
  const people: { id: string | null; name: string }[] = [...names].map(([id, name]) => ({ id, name }));
  return [...people, { id: null, name: "API and others" }].map(({ id, name }) => ({
    id,
    name,
    ...counts.ofPerson(id),
  }));
}

function countStages({ stages, formerStages = [] }: Pipeline, counts: MoveCounts): Moves["stages"] {
  const former = formerStages
    .map((stage) => ({ ...stage, isFormer: true, ...counts.ofStage(stage.id) }))
    .filter((row) => STAGE_FIGURES.some((figure) => row[figure] > 0));
  return [...stages.map((stage) => ({ ...stage, isFormer: false, ...counts.ofStage(stage.id) })), ...former];
}

function listed(moves: readonly ContactMove[], { figure, member, stage }: MovesQuery): ContactMove[] {
  const figures = figure ? [figure] : FIGURES;
  return moves.filter((move) =>
    figures.some(
      (one) =>
        isOfFigure(move, one) &&
        (member === undefined || (personOf(move, one)?.id ?? "nobody") === member) &&
        (stage === undefined || stageOfFigure(move, one) === stage),
    ),
  );
}

/**
 * What stands differently than it stood at a moment, counted for everybody, by person and by stage, with the
 * contacts behind one number.
 * @throws AppError not_found, invalid
 */
export function listMoves(app: AppContext, wanted: MovesWanted): Promise<Moves> {
  return inPastGate(() => readMoves(app, wanted));
}

async function readMoves(
  app: AppContext,
  { organizationId, pipelineId, query }: MovesWanted,
): Promise<Moves> {
  const [pipeline, { timeZone }, members] = await Promise.all([
    findPipeline(pipelineId, organizationId),
    findSettings(organizationId),
    findMembers(app.auth, organizationId),
  ]);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  const now = app.now();
  const since = query.since
    ? new Date(query.since)
    : new Date(startOfDay(addDays(dayOf(now, timeZone), -1), timeZone));
  if (since > now) throw invalidField("since", "must not be in the future");
  const { events, partial } = await findMovesSince(pipelineId, since, MAX_READ);
  // What came after the pipeline was read belongs to the next answer, or `seq` would promise too little.
  const moves = foldMoves(events.filter(({ seq }) => seq <= pipeline.seq)).reverse();
  const counts = new MoveCounts(moves);
  const contacts = listed(moves, query);
  return {
    pipelineId,
    seq: pipeline.seq,
    since: since.toISOString(),
    timeZone,
    ...counts.all,
    members: countMembers(moves, members, counts),
    stages: countStages(pipeline, counts),
    contacts: contacts.slice(0, MAX_LISTED),
    total: contacts.length,
    partial,
  };
}
