import { LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import type { Rule, Stage } from "../contracts/pipeline.ts";

export type Contradiction = { rule: Rule; other: Rule; words: string };

type Words = { nameOf: (stageId: string) => string };

function between(toStatus: Rule, toStage: Rule, { nameOf }: Words): string | undefined {
  const entered = nameOf(toStatus.stageId);
  const target = nameOf(toStage.stageId);
  const set = LEAD_STATUS_LABEL[toStatus.status];
  const become = LEAD_STATUS_LABEL[toStage.status];
  // Closed sets Won, but Won belongs into another stage.
  if (toStatus.status === toStage.status && toStatus.stageId !== toStage.stageId) {
    return `Who is moved to ${entered} becomes ${set} and stays there, although who becomes ${become} otherwise goes to ${target}.`;
  }
  // Abandoned goes to Lost, but who is moved to Lost becomes something else.
  if (toStatus.stageId === toStage.stageId && toStatus.status !== toStage.status) {
    return `Who becomes ${become} goes to ${target} and stays ${become}, although who is moved there by hand becomes ${set}.`;
  }
  return undefined;
}

/**
 * Rules that together leave contacts in two different states, depending on what somebody touched first. Rules act
 * one hop far, so nothing loops; but a reader of the board cannot tell the two apart, and should know.
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
    const words = between(toStatus, toStage, { nameOf });
    return words ? [{ rule, other, words }] : [];
  });
}
