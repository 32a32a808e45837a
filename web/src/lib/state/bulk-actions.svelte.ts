/* eslint-disable svelte/prefer-svelte-reactivity -- ids that no page reads */
import type { BulkChange, ContactSelection } from "@dmtracker/shared/contracts/bulk.ts";
import type { BulkGlance } from "#lib/api/bulk-actions.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import { newMutationId } from "./pending-changes.ts";
import { Signal } from "./signal.ts";

/** One's own bulk action that is over, or why it could not begin. */
export type BulkEnd = { mutationId: string; bulk: BulkGlance } | { problem: string };

const OFFLINE = "There is no connection. Nothing was changed, try again when it is back.";

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
    try {
      const reply = await this.#channel.changeMany({ mutationId, pipelineId, select, change });
      if (!reply.ok) throw new Error(reply.message);
      this.#note(mutationId, reply.bulk);
      return true;
    } catch (error) {
      // A lost answer is no refusal, but nobody knows: the board shows what happened.
      const message = this.#channel.connected && error instanceof Error ? error.message : OFFLINE;
      this.#endSignal.tell({ problem: message });
      return false;
    }
  }

  /** An action that one has started by another way: its progress and its end are told like any other's. */
  follow(bulk: BulkGlance): void {
    this.#note(newMutationId(), bulk);
  }

  async cancel(bulkId: string): Promise<void> {
    const reply = await this.#channel.cancelBulk(bulkId).catch(() => undefined);
    if (!reply?.ok) this.#endSignal.tell({ problem: reply?.message ?? OFFLINE });
  }

  /** Takes a whole bulk action back. */
  async undo(undoes: string): Promise<void> {
    const mutationId = newMutationId();
    const reply = await this.#channel.undo({ mutationId, undoes }).catch(() => undefined);
    if (!reply?.ok) this.#endSignal.tell({ problem: reply?.message ?? OFFLINE });
    else if (reply.bulk) this.#note(mutationId, reply.bulk);
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
