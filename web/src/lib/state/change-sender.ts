import { TEMPORARY_ERRORS } from "@dmtracker/shared/contracts/error-codes.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import type { UndoAnswer } from "@dmtracker/shared/contracts/bulk.ts";
import type { Reply } from "@dmtracker/shared/contracts/realtime.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import type { ChangeStorage, PendingChange } from "./pending-changes.ts";

const RETRY_MIN_MS = 300;
const RETRY_MAX_MS = 10_000;

type Sending = {
  readonly pending: PendingChange;
  /** Of an earlier visit or of another page, which may be there still. */
  readonly isTaken: boolean;
  state: "waiting" | "sent" | "acknowledged";
  /** The number that the stream must reach before the overlay may go. */
  ackSeq: number;
  tries: number;
  notBefore: number;
};

export type SenderEvents = {
  /** Committed as of `seq`; it stays laid over until `confirm` sees that number. */
  acknowledged(seq: number): void;
  refused(pending: PendingChange, error: ErrorBody): void;
  /** An undo is committed: what it could not take back, and why. */
  undone(pending: PendingChange, answer: UndoAnswer): void;
};

/**
 * Own changes on their way: kept in order, sent at once while the board is live, sent again with the same mutation
 * id after anything that passes by itself. A change waits only for earlier ones of the contacts that it names, and
 * for those that name its contact as a neighbour: they mean the place where it stood then.
 */
export class ChangeSender {
  readonly #channel: Pick<BoardChannel, "connected" | "change" | "undo">;
  readonly #storage: ChangeStorage;
  readonly #events: SenderEvents;
  #queue: Sending[] = [];
  #open = false;
  #lastOrder = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    channel: Pick<BoardChannel, "connected" | "change" | "undo">,
    storage: ChangeStorage,
    events: SenderEvents,
  ) {
    this.#channel = channel;
    this.#storage = storage;
    this.#events = events;
    for (const pending of storage.load()) this.#enqueue(pending, true);
  }

  /** In order; includes acknowledged changes that the stream has not reached. */
  get pending(): PendingChange[] {
    return this.#queue.map(({ pending }) => pending);
  }

  /** Unanswered changes per contact. */
  countWaiting(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { pending, state } of this.#queue) {
      if (state !== "acknowledged") counts.set(pending.contactId, (counts.get(pending.contactId) ?? 0) + 1);
    }
    return counts;
  }

  add(wish: Omit<PendingChange, "order">): void {
    const pending: PendingChange = { ...wish, order: Math.max(Date.now(), this.#lastOrder + 1) };
    this.#storage.save(pending);
    this.#enqueue(pending, false);
    this.#pump();
  }

  /** Forgets a change that nobody has heard of yet and names its contact; undefined when it may be on its way. */
  drop(mutationId: string): string | undefined {
    const unsent = this.#queue.find(
      ({ pending, state, tries }) => pending.mutationId === mutationId && state === "waiting" && tries === 0,
    );
    if (!unsent) return undefined;
    this.#queue = this.#queue.filter((sending) => sending !== unsent);
    this.#storage.remove(mutationId);
    return unsent.pending.contactId;
  }

  /** The stream runs: send what waits. Returns the contacts of what another page has left behind. */
  start(): string[] {
    this.#open = true;
    const taken = this.#takeOver();
    for (const sending of this.#queue) sending.notBefore = 0;
    this.#pump();
    return taken;
  }

  stop(): void {
    this.#open = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** Drops what the stream has reached and returns the contacts concerned. */
  confirm(seq: number): string[] {
    const done = this.#queue.filter(({ state, ackSeq }) => state === "acknowledged" && ackSeq <= seq);
    if (done.length > 0) this.#queue = this.#queue.filter((sending) => !done.includes(sending));
    return done.map(({ pending }) => pending.contactId);
  }

  /** A page may have been closed while its changes waited. Is it still there both send them, which is one change. */
  #takeOver(): string[] {
    const known = new Set(this.#queue.map(({ pending }) => pending.mutationId));
    const left = this.#storage.load().filter(({ mutationId }) => !known.has(mutationId));
    for (const pending of left) this.#enqueue(pending, true);
    if (left.length > 0) this.#queue.sort((a, b) => a.pending.order - b.pending.order);
    return left.map(({ contactId }) => contactId);
  }

  /** The page it was taken from has had the answer, or the person has taken it back there. */
  #isSettledElsewhere({ isTaken, pending }: Sending): boolean {
    return isTaken && !this.#storage.has(pending.mutationId);
  }

  #enqueue(pending: PendingChange, isTaken: boolean): void {
    this.#lastOrder = Math.max(this.#lastOrder, pending.order);
    this.#queue.push({ pending, isTaken, state: "waiting", ackSeq: 0, tries: 0, notBefore: 0 });
  }

  #pump(): void {
    if (!this.#open || !this.#channel.connected) return;
    const now = Date.now();
    const unanswered = new Set<string>();
    const neighbours = new Set<string>();
    let soonest = Infinity;
    for (const sending of this.#queue) {
      if (sending.state === "acknowledged") continue;
      const { contactId, change } = sending.pending;
      const beside = [change.after, change.before].filter((id) => id != null);
      const free = !neighbours.has(contactId) && [contactId, ...beside].every((id) => !unanswered.has(id));
      unanswered.add(contactId);
      for (const id of beside) neighbours.add(id);
      if (sending.state !== "waiting" || !free) continue;
      if (this.#isSettledElsewhere(sending)) {
        this.#acknowledge(sending, 0);
        return this.#pump();
      }
      if (sending.notBefore <= now) void this.#send(sending);
      else soonest = Math.min(soonest, sending.notBefore);
    }
    clearTimeout(this.#retry);
    this.#retry = soonest < Infinity ? setTimeout(() => this.#pump(), soonest - now) : undefined;
  }

  async #send(sending: Sending): Promise<void> {
    sending.state = "sent";
    try {
      const reply = await this.#ask(sending.pending);
      if (reply.ok) this.#acknowledge(sending, reply.seq);
      // Signed out is no verdict on the change: it waits for the next sign-in.
      else if (TEMPORARY_ERRORS.has(reply.code) || reply.code === "unauthenticated") this.#later(sending);
      else this.#refuse(sending, reply);
    } catch {
      // No answer is no refusal: it may be committed, the same mutation id finds out.
      this.#later(sending);
    }
    this.#pump();
  }

  async #ask(pending: PendingChange): Promise<Reply<{ seq: number }>> {
    const { mutationId, contactId, change, version, undoes } = pending;
    if (undoes === undefined) {
      const seen = version !== undefined && { version };
      return this.#channel.change({ ...change, mutationId, contactId, ...seen });
    }
    const reply = await this.#channel.undo({ mutationId, undoes });
    if (reply.ok) this.#events.undone(pending, reply);
    return reply;
  }

  #acknowledge(sending: Sending, seq: number): void {
    sending.state = "acknowledged";
    sending.ackSeq = seq;
    this.#storage.remove(sending.pending.mutationId);
    this.#events.acknowledged(seq);
  }

  #refuse(sending: Sending, error: ErrorBody): void {
    this.#queue = this.#queue.filter((other) => other !== sending);
    this.#storage.remove(sending.pending.mutationId);
    this.#events.refused(sending.pending, error);
  }

  #later(sending: Sending): void {
    const pause = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** sending.tries);
    sending.tries += 1;
    sending.notBefore = Date.now() + pause * (0.5 + Math.random() / 2);
    sending.state = "waiting";
  }
}
