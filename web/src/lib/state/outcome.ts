import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { automate } from "@dmtracker/shared/pipeline/automations.ts";

/** Won or Lost when a change leads there, by itself or by a rule: a reason or a value is asked for first. */
export function outcomeOf(
  { rules }: Pick<Pipeline, "rules">,
  contact: Contact,
  { stageId, status }: ContactChange,
): "won" | "lost" | undefined {
  const before = { stageId: contact.stageId, status: contact.leadStatus };
  const next = status ?? automate(before, { stageId, status }, rules)?.status;
  return next !== contact.leadStatus && (next === "won" || next === "lost") ? next : undefined;
}
