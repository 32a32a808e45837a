import type { ActivityKind, ActorKind } from "@dmtracker/shared/contracts/activity.ts";
import type { HistoryView } from "#lib/state/history.svelte.ts";

export const KIND_LABEL: Record<ActivityKind, string> = {
  messages: "Messages",
  outcome: "Lead status and stage",
  follow_ups: "Follow-ups and parking",
  fields: "Fields, tags, assignee",
  notes: "Notes",
  new: "Contacts added and removed",
  settings: "Settings",
};

export const ACTOR_LABEL: Record<ActorKind, string> = {
  user: "People",
  api: "API",
  automation: "Automations",
  system: "The system",
};

export const KINDS = Object.keys(KIND_LABEL) as ActivityKind[];
export const ACTORS = Object.keys(ACTOR_LABEL) as ActorKind[];
/** A contact's own history has no settings. */
export const CONTACT_KINDS = KINDS.filter((kind) => kind !== "settings" && kind !== "new");

/** The keys that an address of history has next to those of a filter. */
export const VIEW_KEYS = ["kind", "actor", "until"] as const;

function chosen<Value extends string>(text: string | null, known: readonly Value[]): Value[] | undefined {
  const values = known.filter((value) => text?.split(",").includes(value));
  return values.length > 0 ? values : undefined;
}

/** What an address says about lines; what it says and nothing means is left out. */
export function viewFromQuery(query: URLSearchParams): HistoryView {
  const until = query.get("until");
  return {
    kinds: chosen(query.get("kind"), KINDS),
    actors: chosen(query.get("actor"), ACTORS),
    until: until && /^\d{4}-\d\d-\d\d$/.test(until) && !Number.isNaN(Date.parse(until)) ? until : undefined,
  };
}

export function viewToQuery({ kinds, actors, until }: HistoryView): URLSearchParams {
  const query = new URLSearchParams();
  if (kinds) query.set("kind", kinds.join(","));
  if (actors) query.set("actor", actors.join(","));
  if (until) query.set("until", until);
  return query;
}

/** "Messages", "Notes and 2 more": what a button says about a choice. */
export function choiceWords<Value extends string>(
  label: Record<Value, string>,
  values: readonly Value[] | undefined,
  all: string,
): string {
  const [first, ...others] = values ?? [];
  if (first === undefined) return all;
  return others.length === 0 ? label[first] : `${label[first]} and ${others.length} more`;
}
