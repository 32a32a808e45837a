import type { Pipeline, Rule } from "../contracts/pipeline.ts";
import { automate, type RuleEffect, type StageAndStatus } from "./automations.ts";
import type { MovingEvent } from "./moves.ts";

/** What the rule would have done in one call of the past. */
export type Simulated = { contactId: string; username: string; at: string; effect: RuleEffect };

type Call = Omit<Simulated, "effect"> & { made: boolean; before: StageAndStatus; wish: StageAndStatus };

/** What a call wanted, read from what it left in the log: the fields that its caller changed, not those of a rule. */
function readCall(call: Call | undefined, { type, before, after, ...event }: MovingEvent): Call {
  const { contactId, username, at } = event;
  const made = type === "contact.created";
  const read: Call = call ?? {
    contactId: contactId ?? "",
    username: username ?? "",
    at,
    made,
    before: made
      ? { stageId: undefined, status: "open" }
      : { stageId: before.stageId, status: before.leadStatus },
    wish: {},
  };
  if (type === "contact.status_changed") read.wish.status = after.leadStatus;
  else read.wish.stageId = after.stageId;
  return read;
}

/**
 * What a rule would have done to past events, next to the rules of today: every call that changed a stage or a
 * status is decided again by the same function that decides live. Each call is judged on its own, as it stood then;
 * a field that was named with the value it had already left no trace, and counts as not named.
 */
export function simulateRule(
  events: readonly MovingEvent[],
  rule: Rule,
  { rules, stages }: Pick<Pipeline, "rules" | "stages">,
): Simulated[] {
  const calls = new Map<string, Call>();
  for (const event of events) {
    const moves =
      event.type === "contact.created" ||
      event.type === "contact.stage_changed" ||
      event.type === "contact.status_changed";
    // One hop: what a rule has changed starts no other rule; neither does the deletion of a stage.
    if (!moves || event.actor.type === "automation" || event.cause !== null) continue;
    const key = `${event.batchId} ${event.contactId}`;
    calls.set(key, readCall(calls.get(key), event));
  }
  const others = rules.filter(({ id }) => id !== rule.id);
  const asked = [{ ...rule, enabled: true }, ...others];
  return [...calls.values()].flatMap(({ contactId, username, at, made, before, wish }) => {
    // Who is made in the first stage was put there by nobody: a status that came along may still move them.
    const isDefault = made && wish.status !== undefined && wish.stageId === stages[0]?.id;
    const effect = automate(before, isDefault ? { status: wish.status } : wish, asked);
    return effect?.rule.id === rule.id ? [{ contactId, username, at, effect }] : [];
  });
}
