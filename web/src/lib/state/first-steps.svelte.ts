import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";

/** What a program's first call has done. */
export type FirstCall = { username: string; program: string; message: string | undefined };

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
  /** A program can write; whether one has, only its first call tells. */
  hasToken = $state(false);
  hasProgram = $state(false);
  /** The first call that came while one waits for it. */
  received = $state.raw<FirstCall>();
  readonly done: boolean = $derived(this.hasContact && this.hasRule && this.hasProgram);
  readonly #board: Followed;
  readonly #stop: () => void;

  constructor(board: Followed, listTokens: () => Promise<readonly { lastUsedAt: string | null }[]>) {
    this.#board = board;
    // A program that has written is connected, wherever its token was made.
    this.#stop = board.onEvents((events) => this.#hear(events));
    listTokens().then(
      (tokens) => {
        this.hasToken ||= tokens.length > 0;
        this.hasProgram ||= tokens.some(({ lastUsedAt }) => lastUsedAt !== null);
      },
      // Not known is not done: the step stays open.
      () => undefined,
    );
  }

  #hear(events: readonly PipelineEvent[]): void {
    const calls = events.filter(({ actor, cause }) => (cause?.actor ?? actor).type === "api");
    const [first] = calls;
    if (!first) return;
    this.hasProgram = true;
    const message = calls.map(({ after }) => after.lastMessage?.text).find((text) => text !== undefined);
    this.received ??= {
      username: first.username ?? "",
      program: (first.cause?.actor ?? first.actor).name,
      message,
    };
  }

  close(): void {
    this.#stop();
  }
}
