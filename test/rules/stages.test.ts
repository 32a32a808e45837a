import fc from "fast-check";
import { expect, test } from "vitest";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { nextColour, PALETTE } from "@dmtracker/shared/contracts/palette.ts";
import type { Pipeline, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { addStage, changeStage, refuseDeletion } from "@dmtracker/shared/pipeline/stages.ts";
import { ana, anId, someStages } from "../support/factories.ts";

const stages = someStages(["New", "Talking", "Done"]);
const [first, second, third] = stages as [Stage, Stage, Stage];
const names = (result: { ok: boolean; stages?: Stage[] }) => result.stages?.map(({ name }) => name);

test("[ST1] a stage's name is unique in its pipeline whatever its case, and a new stage goes to the end", () => {
  expect(names(addStage(stages, { name: "Paid" }, anId()))).toEqual(["New", "Talking", "Done", "Paid"]);
  expect(addStage(stages, { name: " tALKING " }, anId())).toMatchObject({ ok: false, code: "duplicate" });
  expect(changeStage(stages, first.id, { name: "done" })).toMatchObject({ ok: false, code: "duplicate" });
  expect(names(changeStage(stages, third.id, { name: "DONE" }))).toEqual(["New", "Talking", "DONE"]);
});

test("[ST2] a stage moves behind the one that is named, whatever the others' order has become", () => {
  expect(names(changeStage(stages, third.id, { after: null }))).toEqual(["Done", "New", "Talking"]);
  expect(names(changeStage(stages, first.id, { after: second.id }))).toEqual(["Talking", "New", "Done"]);
  expect(names(changeStage(stages, first.id, { after: first.id }))).toEqual(["New", "Talking", "Done"]);
  expect(changeStage(stages, first.id, { after: anId() })).toMatchObject({ code: "unknown_stage" });
  fc.assert(
    fc.property(fc.nat(2), fc.option(fc.nat(2)), (which, behind) => {
      const moved = changeStage(stages, stages[which]?.id ?? "", {
        after: behind === null ? null : (stages[behind]?.id ?? ""),
      });
      expect(names(moved as { ok: true; stages: Stage[] })?.toSorted()).toEqual(["Done", "New", "Talking"]);
    }),
  );
});

test("[ST4] a stage that holds contacts names another for them, and the last one stays", () => {
  const deletion = { stageId: second.id, moveTo: undefined };
  expect(refuseDeletion(stages, { ...deletion, holds: 0 })).toBeUndefined();
  expect(refuseDeletion(stages, { ...deletion, holds: 3 })).toMatchObject({
    path: "move_to",
    message: "must name the stage that takes its 3 contacts. The other stages are: New, Done",
  });
  expect(refuseDeletion(stages, { ...deletion, holds: 3, moveTo: second.id })).toMatchObject({
    code: "unknown_stage",
  });
  expect(refuseDeletion([first], { stageId: first.id, moveTo: undefined, holds: 0 })).toMatchObject({
    message: "A pipeline keeps at least one stage",
  });
});

test("[ST3] stages fold: a deleted one is known by its name and counts nobody, and may come back", () => {
  const pipeline: Pipeline = {
    id: anId(),
    organizationId: anId(),
    name: "Sales",
    stages,
    rules: [],
    totals: { [second.id]: { open: { count: 0, value: 0 } }, [first.id]: { open: { count: 2, value: 5 } } },
    seq: 4,
  };
  const event = (seq: number, after: PipelineEvent["after"]): PipelineEvent => ({
    pipelineId: pipeline.id,
    seq,
    type: "pipeline.stages_changed",
    contactId: null,
    username: null,
    before: {},
    after,
    actor: ana,
    cause: null,
    batchId: "b",
    at: "2026-03-02T09:00:00.000Z",
  });
  const without = applyToPipeline(pipeline, event(5, { stages: [first, third] }));
  expect(without.formerStages).toEqual([second]);
  expect(without.totals).toEqual({ [first.id]: { open: { count: 2, value: 5 } } });
  expect(applyToPipeline(without, event(5, { stages }))).toBe(without);
  const back = applyToPipeline(without, event(6, { stages }));
  expect(back.formerStages).toEqual([]);
  expect(back.stages).toEqual(stages);
});

function contrast(a: string, b: string): number {
  const light = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, bright = 0] = [light(a), light(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}

test("[ST6] every colour of the palette can be told from the columns it stands on, light and dark", () => {
  for (const { colour } of PALETTE) {
    for (const surface of ["#eeeff1", "#ffffff", "#131519", "#17191d"]) {
      expect(contrast(colour, surface), `${colour} on ${surface}`).toBeGreaterThanOrEqual(3);
    }
  }
  expect(nextColour([])).toBe(PALETTE[0].colour);
  expect(nextColour(PALETTE.slice(0, 2).map(({ colour }) => colour))).toBe(PALETTE[2].colour);
});
