import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Actor, Member } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { ReversalCause } from "@dmtracker/shared/contracts/reversal.ts";
import type { ApiToken } from "@dmtracker/shared/contracts/tokens.ts";
import { describeRule } from "@dmtracker/shared/pipeline/automations.ts";
import { describeTimedRule } from "@dmtracker/shared/pipeline/timed-rules.ts";
import type { ListedBulk } from "#lib/api/bulk-actions.ts";
import { exactTime } from "#lib/contact/moments.ts";
import { contactsIn } from "#lib/undo/undo-words.ts";

/** Whose changes are to be taken back. */
export type ReversalKind = "rule" | "token" | "member" | "batch";

export const KINDS: { value: ReversalKind; label: string }[] = [
  { value: "rule", label: "An automation" },
  { value: "token", label: "An API token" },
  { value: "member", label: "A member" },
  { value: "batch", label: "A bulk action or import" },
];

/** A choice as an address carries it: `name` is for what is on no list any more, such as a deleted rule. */
export type ReversalChoice = { kind: ReversalKind; id: string; name: string; since: string };
export type Option = { value: string; label: string };

const HOUR_MS = 3_600_000;

export const SINCE = [
  { value: "hour", label: "in the last hour", ms: HOUR_MS },
  { value: "day", label: "in the last 24 hours", ms: 24 * HOUR_MS },
  { value: "week", label: "in the last 7 days", ms: 7 * 24 * HOUR_MS },
  { value: "moment", label: "since a moment", ms: undefined },
] as const;

export function readChoice(query: Pick<URLSearchParams, "get">): Partial<ReversalChoice> {
  const kind = KINDS.find(({ value }) => value === query.get("by"))?.value;
  const since = query.get("since") ?? "";
  return {
    ...(kind && { kind }),
    id: query.get("id") ?? "",
    name: query.get("name") ?? "",
    ...(Number.isFinite(Date.parse(since)) && { since }),
  };
}

const KIND_OF: Record<Actor["type"], ReversalKind | undefined> = {
  user: "member",
  api: "token",
  automation: "rule",
  system: undefined,
};

/** Everything that the author of this line did from it on; undefined when nobody can be asked to have done it. */
export function choiceOfAuthor({ actor, at }: PipelineEvent): ReversalChoice | undefined {
  const kind = KIND_OF[actor.type];
  return kind && actor.id !== null ? { kind, id: actor.id, name: actor.name, since: at } : undefined;
}

/** The change that this line belongs to, with all that belongs to it. */
export function choiceOfBatch({ batchId, actor, at }: PipelineEvent): ReversalChoice {
  return { kind: "batch", id: batchId, name: `What ${actor.name} did at ${exactTime(at)}`, since: at };
}

export function queryOf({ kind, id, name, since }: ReversalChoice): string {
  return new URLSearchParams({ by: kind, id, name, since }).toString();
}

export function toCause(kind: ReversalKind, id: string, since: string): ReversalCause {
  if (kind === "batch") return { batchId: id };
  if (kind === "rule") return { ruleId: id, since };
  return kind === "token" ? { tokenId: id, since } : { memberId: id, since };
}

export type Known = {
  pipeline: Pipeline | undefined;
  members: readonly Member[];
  tokens: readonly ApiToken[];
  bulks: readonly ListedBulk[];
};

/** Everybody and everything of a kind that can be chosen. */
export function optionsOf(kind: ReversalKind, { pipeline, members, tokens, bulks }: Known): Option[] {
  if (kind === "member") return members.map(({ id, name }) => ({ value: id, label: name }));
  if (kind === "token") return tokens.map(({ id, name }) => ({ value: id, label: name }));
  if (kind === "rule") {
    const { rules = [], timedRules = [], stages = [] } = pipeline ?? {};
    return [
      ...rules.map((rule) => ({ value: rule.id, label: describeRule(rule, stages) })),
      ...timedRules.map((rule) => ({ value: rule.id, label: describeTimedRule(rule) })),
    ];
  }
  return bulks
    .filter(
      ({ changed, state, ...bulk }) =>
        bulk.pipeline_id === pipeline?.id && changed > 0 && state !== "running",
    )
    .map(({ id, title, changed, actor, started_at }) => ({
      value: id,
      label: `${title}: ${contactsIn(changed)}, by ${actor.name}, ${exactTime(started_at)}`,
    }));
}
