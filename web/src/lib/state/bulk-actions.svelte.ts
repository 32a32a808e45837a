/* eslint-disable svelte/prefer-svelte-reactivity -- ids that no page reads */
import type { BulkChange, ContactSelection } from "@dmtracker/shared/contracts/bulk.ts";
import type { Reply } from "@dmtracker/shared/contracts/realtime.ts";
import type { BulkGlance } from "#lib/api/bulk-actions.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import { newMutationId } from "./pending-changes.ts";
import { Signal } from "./signal.ts";

/** One's own bulk action that is over, or why it could not begin; `isUnsure`: it may have. */
export type BulkEnd = { mutationId: string; bulk: BulkGlance } | { problem: string; isUnsure?: boolean };

const OFFLINE = "There is no connection. Nothing was changed, try again when it is back.";
const UNSURE = "The answer was lost, so it may have been done. Look before you try again.";

/** One's own acts on many contacts: started here, done by the server, which tells how far they are. */
export class BulkActions {
  /** What is on its way, by id: also what another page or an earlier visit has started. */
  running = $state.raw<readonly BulkGlance[]>([]);
  readonly #channel: BoardChannel;
  readonly #me: string;
  readonly #load: () => Promise<readonly BulkGlance[]>;
  readonly #stop: () => void;
  /** Mutation ids of what this page has started, by bulk id. */
  readonly #started = new Map<string, string>();
  readonly #endSignal = new Signal<BulkEnd>();
  readonly onEnd = this.#endSignal.listen;

  constructor(channel: BoardChannel, me: string, load: () => Promise<readonly BulkGlance[]>) {
    this.#channel = channel;
    this.#me = me;
    this.#load = load;
    this.#stop = channel.listen({
      bulk: ({ bulk }) => this.#take(bulk),
      // What happened while nobody listened, and what an earlier visit has started.
      connected: () => void this.#look(),
    });
  }

  close(): void {
    this.#stop();
  }

  /** True when it was done or is on its way; the selection may go then. */
  async start(pipelineId: string, select: ContactSelection, change: BulkChange): Promise<boolean> {
    const mutationId = newMutationId();
    const reply = await this.#ask(() => this.#channel.changeMany({ mutationId, pipelineId, select, change }));
    if (reply) this.#note(mutationId, reply.bulk);
    return reply !== undefined;
  }

  /** An action that one has started by another way: its progress and its end are told like any other's. */
  follow(bulk: BulkGlance): void {
    this.#note(newMutationId(), bulk);
  }

  async cancel(bulkId: string): Promise<void> {
    await this.#ask(() => this.#channel.cancelBulk(bulkId));
  }

  /** Takes a whole bulk action back. */
  async undo(undoes: string): Promise<void> {
    const mutationId = newMutationId();
    const reply = await this.#ask(() => this.#channel.undo({ mutationId, undoes }));
    if (reply?.bulk) this.#note(mutationId, reply.bulk);
  }

  /** The answer; without one, or when it is no, that is told. */
  async #ask<Answer extends object>(
    call: () => Promise<Reply<Answer>>,
  ): Promise<({ ok: true } & Answer) | undefined> {
    const { connected } = this.#channel;
    const reply = await call().catch(() => undefined);
    if (reply?.ok) return reply;
    // Sent and never answered: "nothing was changed" may be a lie.
    const isUnsure = !reply && connected;
    this.#endSignal.tell({ problem: reply?.message ?? (isUnsure ? UNSURE : OFFLINE), isUnsure });
    return undefined;
  }

  async #look(): Promise<void> {
    const found = await this.#load().catch(() => []);
    const known = new Set(this.running.map(({ id }) => id));
    for (const bulk of found) {
      if (known.has(bulk.id) || (bulk.state === "running" && bulk.actor.id === this.#me)) this.#take(bulk);
    }
  }

  #note(mutationId: string, bulk: BulkGlance): void {
    this.#started.set(bulk.id, mutationId);
    this.#take(bulk);
  }

  #take(bulk: BulkGlance): void {
    const others = this.running.filter(({ id }) => id !== bulk.id);
    this.running = bulk.state === "running" ? [...others, bulk] : others;
    const mutationId = this.#started.get(bulk.id);
    if (bulk.state === "running" || mutationId === undefined) return;
    this.#started.delete(bulk.id);
    this.#endSignal.tell({ mutationId, bulk });
  }
}
