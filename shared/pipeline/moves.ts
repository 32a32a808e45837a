import type { EventState, PipelineEvent } from "../contracts/event.ts";
import type { ContactMove, MoveFigure, Standing } from "../contracts/moves.ts";
import type { Actor } from "../contracts/people.ts";

type Stood = Pick<EventState, "stageId" | "leadStatus">;

/** What of an event the moves are read from. */
export type MovingEvent = Pick<
  PipelineEvent,
  "seq" | "type" | "contactId" | "username" | "actor" | "cause" | "batchId" | "at"
> & { before: Stood; after: Stood };

/** Whose act it was: of what a rule did, the act that it answered to. */
const authorOf = ({ actor, cause }: Pick<MovingEvent, "actor" | "cause">): Actor =>
  actor.type === "automation" && cause ? cause.actor : actor;

/** A contact on its way: while it is removed it stands nowhere. */
type Moving = Omit<ContactMove, "after"> & { after: Standing | null };

function toStanding({ stageId, leadStatus }: Stood): Standing | undefined {
  return stageId === undefined || leadStatus === undefined ? undefined : { stageId, status: leadStatus };
}

/** Where it stood before the first of the events. */
function startOf({ type, before }: MovingEvent): Standing | null | undefined {
  return type === "contact.created" || type === "contact.restored" ? null : toStanding(before);
}

function readMove(known: Moving | undefined, event: MovingEvent): Moving | undefined {
  const { contactId, username, after, type, at } = event;
  const start = known ? known.before : startOf(event);
  if (contactId === null || start === undefined) return known;
  const comes = type === "contact.created" || type === "contact.restored";
  const current = known ? known.after : start;
  const stageId = after.stageId ?? current?.stageId;
  const status = after.leadStatus ?? current?.status;
  const isThere = type !== "contact.removed" && stageId !== undefined && status !== undefined;
  const by = authorOf(event);
  return {
    contactId,
    username: username ?? "",
    before: start,
    after: isThere ? { stageId, status } : null,
    // Who is new was brought by one person, whoever moved them on since.
    movedBy: comes || (type === "contact.stage_changed" && start !== null) ? by : (known?.movedBy ?? null),
    decidedBy: comes || type === "contact.status_changed" ? by : (known?.decidedBy ?? null),
    at,
  };
}

/**
 * What stands differently after these events than before them: the difference of two boards, not what went on in
 * between. Who moved there and back has not moved, and who was removed is not there to be counted. In the order of
 * the last change.
 */
export function foldMoves(events: readonly MovingEvent[]): ContactMove[] {
  const moves = new Map<string, Moving>();
  for (const event of events) {
    const move = readMove(moves.get(event.contactId ?? ""), event);
    if (!move) continue;
    // Deleted first: the map keeps the order of the last change.
    moves.delete(move.contactId);
    moves.set(move.contactId, move);
  }
  return [...moves.values()].flatMap(({ after, ...move }) => {
    const hasMoved = after && move.before?.stageId !== after.stageId;
    const isDecided = after && (move.before?.status ?? "open") !== after.status;
    if (!after || (!hasMoved && move.before?.status === after.status)) return [];
    return {
      ...move,
      after,
      movedBy: hasMoved ? move.movedBy : null,
      decidedBy: isDecided ? move.decidedBy : null,
    };
  });
}

const becomes = ({ before, after }: ContactMove, status: Standing["status"]): boolean =>
  after.status === status && before?.status !== status;

/** Does a contact count in a figure? A new one with an outcome counts as new and as that outcome. */
export function isOfFigure(move: ContactMove, figure: MoveFigure): boolean {
  switch (figure) {
    case "created":
      return move.before === null;
    case "moved":
    case "came":
    case "left":
      return move.before !== null && move.before.stageId !== move.after.stageId;
    case "reopened":
      return move.before !== null && becomes(move, "open");
    default:
      return becomes(move, figure);
  }
}

/** The person behind a figure; null when it was no person. */
export function personOf({ movedBy, decidedBy }: ContactMove, figure: MoveFigure): Actor | null {
  const isMove = figure === "created" || figure === "moved" || figure === "came" || figure === "left";
  const by = isMove ? movedBy : decidedBy;
  return by?.type === "user" ? by : null;
}

/** The stage that a figure counts a contact in: where it came to, else where it stood. */
export function stageOfFigure({ before, after }: ContactMove, figure: MoveFigure): string {
  return figure === "came" || figure === "created" ? after.stageId : (before ?? after).stageId;
}
