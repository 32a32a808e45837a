import { LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import type { Rule, Stage } from "../contracts/pipeline.ts";

/**
 * `contradiction`: one of the two can never have its way after the other. `note`: both act as they were meant, and
 * the outcome depends on what was touched; so do the rules of the product's own example.
 */
export type Contradiction = { rule: Rule; other: Rule; kind: "contradiction" | "note"; words: string };

type Found = Pick<Contradiction, "kind" | "words">;

function between(toStatus: Rule, toStage: Rule, nameOf: (stageId: string) => string): Found | undefined {
  const entered = nameOf(toStatus.stageId);
  const target = nameOf(toStage.stageId);
  const set = LEAD_STATUS_LABEL[toStatus.status];
  const become = LEAD_STATUS_LABEL[toStage.status];
  // Closed sets Won, but Won belongs into another stage.
  if (toStatus.status === toStage.status && toStatus.stageId !== toStage.stageId) {
    const words = `Who is moved to ${entered} becomes ${set} and stays there, although who becomes ${become} otherwise goes to ${target}.`;
    return { kind: "contradiction", words };
  }
  // Abandoned goes to Lost, but who is moved to Lost becomes something else.
  if (toStatus.stageId === toStage.stageId && toStatus.status !== toStage.status) {
    const words = `Who becomes ${become} goes to ${target} and stays ${become}. Who is moved there by hand becomes ${set}.`;
    return { kind: "note", words };
  }
  return undefined;
}

/**
 * Rules that together leave contacts in two different states, depending on what somebody touched first. Rules act
 * one hop far, so nothing loops; but a reader of the board cannot tell the two apart, and should know. A note is
 * made once, with the rule that moves.
 */
export function findContradictions(
  rule: Rule,
  rules: readonly Rule[],
  stages: readonly Stage[],
): Contradiction[] {
  const nameOf = (id: string): string => stages.find((stage) => stage.id === id)?.name ?? "a deleted stage";
  return rules.flatMap((other) => {
    if (!other.enabled || other.id === rule.id || other.type === rule.type) return [];
    const [toStatus, toStage] = rule.type === "stage_to_status" ? [rule, other] : [other, rule];
    const found = between(toStatus, toStage, nameOf);
    if (!found || (found.kind === "note" && rule !== toStage)) return [];
    return [{ rule, other, ...found }];
  });
}
