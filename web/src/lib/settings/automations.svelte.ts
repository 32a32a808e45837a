import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { NewRule, Rule, RuleChange } from "@dmtracker/shared/contracts/pipeline.ts";
import { SvelteMap } from "svelte/reactivity";
import { changeRule, createRule, deleteRule } from "#lib/api/rules.ts";
import { sentence } from "./act.svelte.ts";

type RuleFeed = {
  readonly pipeline: { id: string; rules: Rule[] } | undefined;
  onEvents: (listener: (events: readonly PipelineEvent[]) => void) => () => void;
};

/**
 * The rules of a pipeline as its log tells them, with the wishes of this screen over them. Rules are settings: they
 * go by HTTP and come back, like everybody else's, as an event.
 */
export class Automations {
  readonly #board: RuleFeed;
  readonly #stop: () => void;
  /** Wished for and not in the log yet: on, off, or gone. */
  readonly #wished = new SvelteMap<string, boolean | "gone">();
  /** Why a rule's change was refused, by rule. */
  readonly problems = new SvelteMap<string, string>();
  saving = $state(false);
  formProblem = $state<string>();

  rules = $derived.by(() =>
    (this.#board.pipeline?.rules ?? []).flatMap((rule) => {
      const wish = this.#wished.get(rule.id);
      return wish === "gone" ? [] : [wish === undefined ? rule : { ...rule, enabled: wish }];
    }),
  );

  constructor(board: RuleFeed) {
    this.#board = board;
    this.#stop = board.onEvents((events) => {
      if (events.some(({ type }) => type === "pipeline.rules_changed")) this.#wished.clear();
    });
  }

  close(): void {
    this.#stop();
  }

  /** Whether it was saved; if not, `formProblem` says why. */
  add(rule: NewRule): Promise<boolean> {
    return this.#save((pipelineId) => createRule(pipelineId, rule));
  }

  change(ruleId: string, change: RuleChange): Promise<boolean> {
    return this.#save((pipelineId) => changeRule(pipelineId, ruleId, change));
  }

  async #save(send: (pipelineId: string) => Promise<unknown>): Promise<boolean> {
    const pipelineId = this.#board.pipeline?.id;
    if (!pipelineId || this.saving) return false;
    this.saving = true;
    this.formProblem = undefined;
    try {
      await send(pipelineId);
      return true;
    } catch (error) {
      this.formProblem = sentence(error);
      return false;
    } finally {
      this.saving = false;
    }
  }

  async switchTo(ruleId: string, enabled: boolean): Promise<void> {
    await this.#wish(ruleId, enabled, (pipelineId) => changeRule(pipelineId, ruleId, { enabled }));
  }

  async remove(ruleId: string): Promise<void> {
    await this.#wish(ruleId, "gone", (pipelineId) => deleteRule(pipelineId, ruleId));
  }

  async #wish(
    ruleId: string,
    wish: boolean | "gone",
    send: (pipelineId: string) => Promise<unknown>,
  ): Promise<void> {
    const pipelineId = this.#board.pipeline?.id;
    if (!pipelineId) return;
    this.problems.delete(ruleId);
    this.#wished.set(ruleId, wish);
    try {
      await send(pipelineId);
    } catch (error) {
      this.#wished.delete(ruleId);
      this.problems.set(ruleId, sentence(error));
    }
  }
}
