import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";

type Followed = {
  readonly pipeline: Pipeline | undefined;
  onEvents(listener: (events: readonly PipelineEvent[]) => void): () => void;
};

const countOf = ({ totals }: Pipeline): number =>
  Object.values(totals)
    .flatMap((stage) => Object.values(stage))
    .reduce((sum, { count }) => sum + count, 0);

/** How far a new organization is: each step is done when it really is, whoever did it. */
export class FirstSteps {
  readonly hasContact: boolean = $derived.by(() => {
    const { pipeline } = this.#board;
    return pipeline !== undefined && countOf(pipeline) > 0;
  });
  readonly hasRule: boolean = $derived.by(() => (this.#board.pipeline?.rules.length ?? 0) > 0);
  hasProgram = $state(false);
  readonly done: boolean = $derived(this.hasContact && this.hasRule && this.hasProgram);
  readonly #board: Followed;
  readonly #stop: () => void;

  constructor(board: Followed, listTokens: () => Promise<readonly unknown[]>) {
    this.#board = board;
    // A program that has written is connected, wherever its token was made.
    this.#stop = board.onEvents((events) => {
      if (events.some(({ actor, cause }) => (cause?.actor ?? actor).type === "api")) this.hasProgram = true;
    });
    listTokens().then(
      (tokens) => (this.hasProgram ||= tokens.length > 0),
      // Not known is not done: the step stays open.
      () => undefined,
    );
  }

  close(): void {
    this.#stop();
  }
}
