import { MAX_STAGES } from "../contracts/limits.ts";
import { nextColour } from "../contracts/palette.ts";
import type { NewStage, Rule, Stage, StageChange } from "../contracts/pipeline.ts";
import type { Refusal } from "./decision.ts";

// What may become of a pipeline's stages. Pure: the server decides by it, a screen can say no before it asks.

type Stages = { ok: true; stages: Stage[]; stage: Stage };

const refuse = (path: string, message: string, code: Refusal["code"] = "invalid"): Refusal => ({
  ok: false,
  code,
  path,
  message,
});

const sameName = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

export function noSuchStage(stages: readonly Stage[], path = "stageId"): Refusal {
  const names = stages.map(({ name }) => name).join(", ");
  return refuse(path, `No such stage. The stages are: ${names}`, "unknown_stage");
}

/** Why a stage cannot have this name; undefined when it can. Names are told apart whatever their case [ST1]. */
export function refuseName(stages: readonly Stage[], name: string, ownId?: string): Refusal | undefined {
  const twin = stages.find((stage) => stage.id !== ownId && sameName(stage.name, name));
  return twin && refuse("name", `There is a stage “${twin.name}” already`, "duplicate");
}

/** A new stage goes to the end. */
export function addStage(stages: readonly Stage[], { name, colour }: NewStage, id: string): Stages | Refusal {
  if (stages.length >= MAX_STAGES) return refuse("name", `A pipeline has at most ${MAX_STAGES} stages`);
  const taken = refuseName(stages, name);
  if (taken) return taken;
  const stage = { id, name: name.trim(), colour: colour ?? nextColour(stages.map((other) => other.colour)) };
  return { ok: true, stages: [...stages, stage], stage };
}

/** Renamed, recoloured, moved behind another: what is named, and nothing else. */
export function changeStage(
  stages: readonly Stage[],
  stageId: string,
  { name, colour, after }: StageChange,
): Stages | Refusal {
  const known = stages.find(({ id }) => id === stageId);
  if (!known) return noSuchStage(stages);
  const taken = name === undefined ? undefined : refuseName(stages, name, stageId);
  if (taken) return taken;
  const stage = { ...known, name: name?.trim() ?? known.name, colour: colour ?? known.colour };
  const changed = stages.map((other) => (other.id === stageId ? stage : other));
  if (after === undefined || after === stageId) return { ok: true, stages: changed, stage };
  const others = changed.filter(({ id }) => id !== stageId);
  const place = after === null ? 0 : others.findIndex(({ id }) => id === after) + 1;
  if (after !== null && place === 0) return noSuchStage(stages, "after");
  return { ok: true, stages: others.toSpliced(place, 0, stage), stage };
}

/** Whether a stage may go: at least one stays, and whoever stands in it needs another place [ST4]. */
export function refuseDeletion(
  stages: readonly Stage[],
  { stageId, moveTo, holds }: { stageId: string; moveTo: string | undefined; holds: number },
): Refusal | undefined {
  if (!stages.some(({ id }) => id === stageId)) return noSuchStage(stages);
  if (stages.length === 1) return refuse("stageId", "A pipeline keeps at least one stage");
  const others = stages.filter(({ id }) => id !== stageId);
  if (moveTo !== undefined && !others.some(({ id }) => id === moveTo)) return noSuchStage(others, "move_to");
  if (holds === 0 || moveTo !== undefined) return undefined;
  const names = others.map(({ name }) => name).join(", ");
  const who = holds === 1 ? "its contact" : `its ${holds} contacts`;
  return refuse("move_to", `must name the stage that takes ${who}. The other stages are: ${names}`);
}

/** The rules that name a stage. */
export function rulesOf(rules: readonly Rule[], stageId: string): Rule[] {
  return rules.filter((rule) => rule.stageId === stageId);
}

export function isSameStages(a: readonly Stage[], b: readonly Stage[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
