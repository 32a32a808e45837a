import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { Automations } from "../../web/src/lib/settings/automations.svelte.ts";
import { suggestedRules } from "../../web/src/lib/settings/suggested-rules.ts";

const closedWon: Rule = { id: "r1", type: "stage_to_status", stageId: "s5", status: "won", enabled: true };
const stages = [
  { id: "s5", name: "Closed", colour: "#22a06b" },
  { id: "s6", name: "Lost", colour: "#d9363e" },
];

class FakeBoard {
  pipeline = $state.raw<{ id: string; rules: Rule[] }>({ id: "p1", rules: [closedWon] });
  #listener: ((events: readonly PipelineEvent[]) => void) | undefined;
  onEvents = (listener: (events: readonly PipelineEvent[]) => void) => {
    this.#listener = listener;
    return () => (this.#listener = undefined);
  };
  commit(rules: Rule[]): void {
    this.pipeline = { id: "p1", rules };
    this.#listener?.([{ type: "pipeline.rules_changed" } as PipelineEvent]);
  }
}

let board: FakeBoard;
let automations: Automations;
const answers: Response[] = [];

function answerWith(status: number, body: object): void {
  answers.push(Response.json(body, { status }));
}

beforeEach(() => {
  board = new FakeBoard();
  automations = new Automations(board);
  vi.stubGlobal("fetch", () => Promise.resolve(answers.shift()));
});

afterEach(() => {
  automations.close();
  vi.unstubAllGlobals();
});

describe("automations", () => {
  test("a switch shows its new place at once and keeps it until the log tells it", async () => {
    answerWith(200, { status: "success", message: "", data: { rule: { ...closedWon, enabled: false } } });
    const switching = automations.switchTo("r1", false);
    expect(automations.rules[0]?.enabled).toBe(false);
    await switching;
    expect(automations.rules[0]?.enabled).toBe(false);
    board.commit([{ ...closedWon, enabled: false }]);
    expect(automations.rules[0]?.enabled).toBe(false);
    board.commit([closedWon]);
    expect(automations.rules[0]?.enabled).toBe(true);
  });

  test("a refused switch goes back and says why beside the rule", async () => {
    answerWith(409, { status: "error", code: "trigger_taken", message: "Closed sets Won is on", issues: [] });
    await automations.switchTo("r1", false);
    expect(automations.rules[0]?.enabled).toBe(true);
    expect(automations.problems.get("r1")).toBe("Closed sets Won is on");
  });

  test("a deleted rule is gone at once, and back when the server refuses", async () => {
    answerWith(403, { status: "error", code: "forbidden", message: "Only owners and admins", issues: [] });
    const removing = automations.remove("r1");
    expect(automations.rules).toEqual([]);
    await removing;
    expect(automations.rules).toEqual([closedWon]);
    expect(automations.problems.get("r1")).toBe("Only owners and admins");
  });

  test("a refused new rule says why beside the form and keeps what was chosen", async () => {
    answerWith(409, { status: "error", code: "trigger_taken", message: "Taken", issues: [] });
    expect(await automations.add({ ...closedWon })).toBe(false);
    expect(automations.formProblem).toBe("Taken");
    answerWith(201, { status: "success", message: "", data: { rule: closedWon } });
    expect(await automations.add({ ...closedWon })).toBe(true);
    expect(automations.formProblem).toBeUndefined();
  });
});

describe("suggestions", () => {
  test("offer the usual rules for stages that exist and triggers that are free", () => {
    expect(
      suggestedRules(stages, []).map(({ type, stageId, status }) => `${type} ${stageId} ${status}`),
    ).toEqual([
      "stage_to_status s5 won",
      "stage_to_status s6 lost",
      "status_to_stage s5 won",
      "status_to_stage s6 abandoned",
    ]);
    expect(suggestedRules(stages, [closedWon])).toHaveLength(3);
    expect(suggestedRules([{ id: "x", name: "Signed", colour: "#000000" }], [])).toEqual([]);
  });
});
