import type { Contact } from "../contracts/contact.ts";
import type { EventState, PipelineEvent } from "../contracts/event.ts";
import type { Actor } from "../contracts/people.ts";
import { isActivity } from "./apply-event.ts";

/** One field since the first change that is to be taken back. */
export type Trace<Value> = {
  /** What it was before the changes that would be taken back; undefined when the log does not say. */
  original: Value | undefined;
  /** Who changed it after them; undefined while nobody has. */
  since: Actor | undefined;
};

export type Traces = {
  fields: ReadonlyMap<keyof Contact, Trace<unknown>>;
  /** Tags come and go one by one: `original` says whether the contact had this one. */
  tags: ReadonlyMap<string, Trace<boolean>>;
  /** The tags in their old order, as long as nobody else has touched any of them. */
  tagIds: readonly string[] | undefined;
  /** Messages, notes and the creation are history: they happened. */
  history: boolean;
  /** The contact itself came of the changes that would be taken back. */
  created: boolean;
  /** Who has done anything to it that would not be taken back; the clock is nobody. */
  touchedBy: Actor | undefined;
  /** Somebody wrote, to us or from us. */
  hasMessages: boolean;
};

const NO_FIELDS: ReadonlySet<string> = new Set([
  "version",
  "note",
  "message",
  "tagIds",
  "lastMessage",
  "conversationStatus",
]);

/** What a message meant for the follow-up belongs to the message, and stays with it. */
const isHistory = ({ type, cause }: PipelineEvent): boolean =>
  type === "contact.created" ||
  type === "contact.message_logged" ||
  type === "contact.note_added" ||
  cause?.type === "contact.message_logged";

/** Whose act it was: a rule answers to somebody, and a follow-up that ends because of a rule names the rule as its cause. */
const authorOf = ({ actor, cause }: PipelineEvent): Actor =>
  actor.type === "automation" ? (cause?.actor ?? actor) : actor;

/** What happens because time passes was done by no one. */
const isOfNobody = ({ actor, cause }: PipelineEvent): boolean =>
  cause === null && (actor.type === "system" || actor.type === "automation");

function note<Key, Value>(
  traces: Map<Key, Trace<Value>>,
  key: Key,
  original: Value | undefined,
  event: PipelineEvent,
  isTarget: boolean,
): void {
  const known = traces.get(key);
  if (!isTarget) {
    if (known) traces.set(key, { ...known, since: authorOf(event) });
  } else if (!known || known.since || known.original === undefined) {
    // After somebody else's change the work before it is out of reach: only what came after theirs is taken back.
    traces.set(key, { original, since: undefined });
  }
}

/** Which tags an event added (true) and removed (false). */
function tagSteps({ before, after }: PipelineEvent): [string, boolean][] {
  const [old, next] = [before.tagIds ?? [], after.tagIds ?? []];
  return [
    ...next.filter((id) => !old.includes(id)).map((id): [string, boolean] => [id, true]),
    ...old.filter((id) => !next.includes(id)).map((id): [string, boolean] => [id, false]),
  ];
}

/**
 * Follows every field of one contact through its history, from the first change that is to be taken back until now:
 * what it was before, and whether anybody has changed it since.
 */
export function traceChanges(
  history: readonly PipelineEvent[],
  isTarget: (event: PipelineEvent) => boolean,
): Traces {
  const fields = new Map<keyof Contact, Trace<unknown>>();
  const tags = new Map<string, Trace<boolean>>();
  let tagIds: readonly string[] | undefined;
  let tagsAreOurs = true;
  let hasHistory = false;
  let created = false;
  let touchedBy: Actor | undefined;
  let hasMessages = false;
  for (const event of history) {
    const wanted = isTarget(event);
    const taken = wanted && !isHistory(event);
    if (wanted && !taken) hasHistory = true;
    if (!wanted && isActivity(event.type) && !isOfNobody(event)) touchedBy = authorOf(event);
    hasMessages ||= event.type === "contact.message_logged";
    if (event.type === "contact.created") {
      created ||= wanted;
      continue;
    }
    if (event.type === "contact.removed" || event.type === "contact.restored") {
      // It says all of the contact; what it changes is whether it is there.
      note(fields, "removed", event.before.removed, event, taken);
      continue;
    }
    for (const key of Object.keys(event.after) as (keyof EventState & keyof Contact)[]) {
      if (!NO_FIELDS.has(key)) note(fields, key, event.before[key], event, taken);
    }
    // Reason and parking go with the status, also when there were none: who has set one since must not lose it.
    if (event.type === "contact.status_changed") {
      for (const key of ["lostReason", "parked"] as const)
        if (!(key in event.after)) note(fields, key, undefined, event, taken);
    }
    if (event.type !== "contact.tags_changed") continue;
    for (const [id, added] of tagSteps(event)) note(tags, id, !added, event, taken);
    if (taken) tagIds ??= event.before.tagIds;
    else if (tagIds) tagsAreOurs = false;
  }
  return {
    fields,
    tags,
    tagIds: tagsAreOurs ? tagIds : undefined,
    history: hasHistory,
    created,
    touchedBy,
    hasMessages,
  };
}
