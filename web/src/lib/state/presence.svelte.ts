/* eslint-disable svelte/prefer-svelte-reactivity -- look-ups are made anew, never changed */
import type { Viewer } from "@dmtracker/shared/contracts/realtime.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";

/** Who else has this pipeline open, and which contact; the others are told likewise. */
export class Presence {
  readonly #channel: Pick<BoardChannel, "connected" | "setPresence">;
  readonly #pipelineId: string;
  readonly #myId: string;
  #viewers = $state.raw<readonly Viewer[]>([]);
  readonly #byContact = $derived(Map.groupBy(this.#viewers, ({ contactId }) => contactId));
  /** Other people who have this pipeline open, each once. */
  readonly people: readonly Viewer[] = $derived([
    ...new Map(this.#viewers.map((viewer) => [viewer.userId, viewer])).values(),
  ]);
  #lookedAt: string | null = null;

  constructor(channel: Pick<BoardChannel, "connected" | "setPresence">, pipelineId: string, myId: string) {
    this.#channel = channel;
    this.#pipelineId = pipelineId;
    this.#myId = myId;
  }

  /** Others who have this contact open. */
  viewers(contactId: string): readonly Viewer[] {
    return this.#byContact.get(contactId) ?? [];
  }

  /** Tells the others which contact is open here. */
  lookAt(contactId: string | null): void {
    this.#lookedAt = contactId;
    this.tell();
  }

  tell(): void {
    if (!this.#channel.connected) return;
    // Told again with the next connection: nothing depends on this one call.
    void this.#channel.setPresence(this.#pipelineId, this.#lookedAt).catch(() => undefined);
  }

  hear(viewers: readonly Viewer[]): void {
    this.#viewers = viewers.filter(({ userId }) => userId !== this.#myId);
  }

  /** Without a connection nobody knows who is there. */
  forget(): void {
    this.#viewers = [];
  }
}
