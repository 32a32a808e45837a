/* eslint-disable svelte/prefer-svelte-reactivity -- look-ups are made anew, never changed */
import type { BoardSnapshot } from "@dmtracker/shared/contracts/board.ts";
import type { ConflictField } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Actor, Member, Session, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import { assembleBoard, type BoardParts } from "./assemble-board.ts";
import type { BoardColumn } from "./board-column.svelte.ts";
import { BoardNews } from "./board-news.ts";
import type { BoardSource } from "./board-source.ts";
import type { Conflicts } from "./conflicts.svelte.ts";
import { LiveState } from "./live-state.svelte.ts";
import type { ChangeStorage } from "./pending-changes.ts";
import type { Presence } from "./presence.svelte.ts";
import { filteredTotals, stageTotals } from "./stage-totals.ts";

export type BoardGround = {
  pipelineId: string;
  session: Session;
  channel: BoardChannel;
  source: BoardSource;
  storage: ChangeStorage;
  /** The snapshot to begin with, if it is there already. */
  first?: BoardSnapshot | undefined;
};

/**
 * One pipeline as it is now. Truth: what the log says. Overlay: own changes that the log has not confirmed. What is
 * shown is always the one laid over the other, so a refusal needs no undoing.
 */
export class Board {
  readonly pipelineId: string;
  /** The signed-in person, as the log names them. */
  readonly me: Actor & { id: string };
  readonly live = new LiveState();
  readonly #parts: BoardParts;

  readonly #news = new BoardNews();
  readonly onEvents = this.#news.events.listen;
  readonly onReload = this.#news.reloaded.listen;
  readonly onRefused = this.#news.refused.listen;
  readonly onMoved = this.#news.moved.listen;
  readonly onChanged = this.#news.changed.listen;
  readonly onUndone = this.#news.undone.listen;
  readonly onRevoked = this.#news.revoked.listen;
  readonly onSettled = this.#news.settled.listen;

  /** True count and value per stage, of what matches when a filter is on; own changes are counted at once. */
  readonly totals: ReadonlyMap<string, Total> = $derived.by(() => {
    const { truth, filter, surface } = this.#parts;
    if (!truth.pipeline) return new Map<string, Total>();
    return filter.totals
      ? filteredTotals(filter.totals, filter.shifts)
      : stageTotals(truth.pipeline, surface.shifts);
  });

  constructor({ first, ...ground }: BoardGround) {
    const { id, name } = ground.session.user;
    this.pipelineId = ground.pipelineId;
    this.me = { type: "user", id, name };
    this.#parts = assembleBoard({ ...ground, me: this.me, live: this.live, news: this.#news });
    this.#parts.snapshots.start(first);
  }

  get pipeline(): Pipeline | undefined {
    return this.#parts.truth.pipeline;
  }

  get columns(): readonly BoardColumn[] {
    return this.#parts.truth.columns;
  }

  get members(): readonly Member[] {
    return this.#parts.directory.members;
  }

  get tags(): readonly Tag[] {
    return this.#parts.directory.tags;
  }

  get settings(): OrganizationSettings {
    return this.#parts.directory.settings;
  }

  get presence(): Presence {
    return this.#parts.presence;
  }

  /** Why the board could not be opened. */
  get problem(): string | undefined {
    return this.#parts.snapshots.problem;
  }

  /** Tries again at once what failed when the board was opened. */
  retry(): void {
    this.#parts.snapshots.retry();
  }

  /** Shows only what matches, as soon as the server has said what that is. */
  show(filter: ContactFilter): void {
    this.#parts.snapshots.show(filter);
  }

  /** Not everybody is shown. */
  get isFiltered(): boolean {
    return this.#parts.filter.isOn;
  }

  /** Another filter was asked for than the one that is shown. */
  get filtering(): boolean {
    return this.#parts.snapshots.wanted !== this.#parts.filter.filter;
  }

  /** One's own change took this contact out of the view: it can still be seen for a moment. */
  hasLeft(contactId: string): boolean {
    return this.#parts.filter.left.has(contactId);
  }

  /** The view has come to this index of a column: what follows is fetched before it gets there. */
  async reach(column: BoardColumn, index: number): Promise<void> {
    await this.#parts.columnLoader.reach(column, index);
  }

  /** A contact as the person sees it, own pending changes included. */
  contact(contactId: string): Contact | undefined {
    return this.#parts.surface.contact(contactId);
  }

  /** Makes sure that a contact is held and kept up to date, wherever it stands. */
  async open(contactId: string): Promise<void> {
    await this.#parts.held.open(contactId);
  }

  /** Contacts that another view lists, read as of `seq`: kept up to date from now on. False when they are too old. */
  hold(contacts: readonly Contact[], seq: number): boolean {
    return this.#parts.held.hold(contacts, seq);
  }

  /** Contacts that another view may need: fetched if nobody holds them yet, they settle when they are there. */
  want(contactIds: readonly string[]): void {
    this.#parts.held.want(contactIds);
  }

  /** Changes a contact: shown now, sent as soon as possible, kept until the log confirms it. */
  change(contactId: string, change: ContactChange): void {
    this.#parts.own.change(contactId, change);
  }

  /** Takes one's own change back: what has not left the page is dropped, else the server is asked, now or later. */
  undo(mutationId: string, contactId: string): void {
    this.#parts.own.undo(mutationId, contactId);
  }

  /** Own changes of a contact that the server has not answered. */
  waiting(contactId: string): number {
    return this.#parts.surface.waitingFor(contactId);
  }

  /** Why the last own change of a contact was refused. */
  refusal(contactId: string): string | undefined {
    return this.#parts.own.refusal(contactId);
  }

  dismissRefusal(contactId: string): void {
    this.#parts.own.dismissRefusal(contactId);
  }

  /** Own changes that met somebody else's of the same field, until one decides. */
  get conflicts(): Conflicts {
    return this.#parts.own.conflicts;
  }

  /** What somebody else has made of a field holds. */
  dismissConflict(contactId: string, field: ConflictField): void {
    this.#parts.own.dismissConflict(contactId, field);
  }

  close(): void {
    const { snapshots, sync, sender, held, filter } = this.#parts;
    snapshots.stop();
    sync.stop();
    sender.stop();
    held.stop();
    filter.stop();
    this.live.stop();
  }
}
