import type { Contact } from "../contracts/contact.ts";
import type { Rule } from "../contracts/pipeline.ts";
import type { DecisionContext, Refusal } from "./decision.ts";
import type { Outcome } from "./draft.ts";

export function stageExists(context: Pick<DecisionContext, "pipeline">, stageId: string): boolean {
  return context.pipeline.stages.some(({ id }) => id === stageId);
}

export function unknownStage(context: DecisionContext): Refusal {
  const names = context.pipeline.stages.map(({ name }) => name).join(", ");
  return {
    ok: false,
    code: "unknown_stage",
    path: "stageId",
    message: `No such stage. The stages are: ${names}`,
  };
}

export function checkLostReason({ lostReason }: Outcome, status: Contact["leadStatus"]): Refusal | undefined {
  if (lostReason == null || status === "lost") return undefined;
  const message = "A lost reason goes only with the status lost";
  return { ok: false, code: "invalid", path: "lostReason", message };
}

/**
 * Rules whose stage is gone cannot act; deleting a stage switches them off, this holds even before that. What a
 * time-based rule changes fires none of them: one hop [AU2].
 */
export function liveRules(context: DecisionContext): Rule[] {
  if (context.actor.type === "automation") return [];
  return context.pipeline.rules.filter(({ stageId }) => stageExists(context, stageId));
}
