/* eslint-disable svelte/prefer-svelte-reactivity -- working maps that no page reads: reactivity would cost every event */
import type { BulkProblem } from "@dmtracker/shared/contracts/bulk.ts";
import type { BoardSnapshot, ColumnPageAt, ContactsAt } from "@dmtracker/shared/contracts/board.ts";
import { MAX_PAGE_SIZE } from "@dmtracker/shared/contracts/limits.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { ConflictField } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Actor, Member, Session, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Viewer } from "@dmtracker/shared/contracts/realtime.ts";
import { SvelteMap } from "svelte/reactivity";
import { ApiError } from "#lib/api/client.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { BoardColumn } from "./board-column.svelte.ts";
import { BoardFilter } from "./board-filter.svelte.ts";
import type { BoardSource } from "./board-source.ts";
import { BoardSurface, type Author, type Move } from "./board-surface.svelte.ts";
import { BoardSync } from "./board-sync.ts";
import { BoardTruth, contactIdsOf } from "./board-truth.svelte.ts";
import { ChangeSender } from "./change-sender.ts";
import { Conflicts, seenBy } from "./conflicts.svelte.ts";
import { LiveState } from "./live-state.svelte.ts";
import { MissingContacts } from "./missing-contacts.ts";
import { newMutationId, type ChangeStorage } from "./pending-changes.ts";
import { Signal } from "./signal.ts";
import { filteredTotals, stageTotals } from "./stage-totals.ts";

const OPEN_RETRY_MS = 3_000;
/** So many contacts of a column are there below the last that is drawn. */
const READ_AHEAD = 40;

export type RefusedChange = { contactId: string; username: string; message: string };

export type OwnChange = { mutationId: string; contactId: string; events: readonly PipelineEvent[] };

/** What became of an undo: contacts that got something back, and what stays. */
export type Undoing = { mutationId: string; changed: number; problems: readonly BulkProblem[] };

export type { Move };

export type BoardParts = {
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
  readonly live = new LiveState();
  /** Own changes that met somebody else's of the same field, until one decides. */
  readonly conflicts = new Conflicts();
  /** Why the board could not be opened. */
  problem = $state<string>();
  readonly #parts: BoardParts;
  /** The signed-in person, as the log names them. */
  readonly me: Actor;
  readonly #truth = new BoardTruth();
  readonly #filter: BoardFilter;
  readonly #surface: BoardSurface;
  readonly #sync: BoardSync;
  readonly #sender: ChangeSender;
  readonly #missing: MissingContacts;
  readonly #refusals = new SvelteMap<string, string>();
  /** Ids of tags and people that were asked for already. */
  readonly #strangers = new Set<string>();
  #namesWanted = false;
  #namesUnderway = false;
  /** Contacts that someone holds open, wherever they stand. */
  readonly #opened = new Set<string>();
  #viewers = $state.raw<readonly Viewer[]>([]);
  #lookedAt: string | null = null;
  /** The filter that was asked for; it holds as soon as its snapshot is there. */
  #wanted = $state.raw<ContactFilter>({});
  /** Answers that were asked for under an earlier snapshot are dropped. */
  #epoch = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  readonly #eventSignal = new Signal<readonly PipelineEvent[]>();
  readonly #reloadSignal = new Signal<undefined>();
  readonly #refusedSignal = new Signal<RefusedChange>();
  readonly #moveSignal = new Signal<readonly Move[]>();
  readonly #revokedSignal = new Signal<string>();
  readonly #changedSignal = new Signal<OwnChange>();
  readonly #undoneSignal = new Signal<Undoing>();
  readonly #settledSignal = new Signal<readonly string[]>();
  readonly onEvents = this.#eventSignal.listen;
  readonly onReload = this.#reloadSignal.listen;
  readonly onRefused = this.#refusedSignal.listen;
  readonly onMoved = this.#moveSignal.listen;
  /** One's own changes, as they are made here. */
  readonly onChanged = this.#changedSignal.listen;
  readonly onUndone = this.#undoneSignal.listen;
  readonly onRevoked = this.#revokedSignal.listen;
  /** Contacts whose shown state may have changed, by anyone; after a reload all of them may have. */
  readonly onSettled = this.#settledSignal.listen;

  /** True count and value per stage, of what matches when a filter is on; own changes are counted at once. */
  readonly totals: ReadonlyMap<string, Total> = $derived.by(() => {
    if (!this.pipeline) return new Map<string, Total>();
    const matching = this.#filter.totals;
    return matching
      ? filteredTotals(matching, this.#filter.shifts)
      : stageTotals(this.pipeline, this.#surface.shifts);
  });
  readonly #viewersByContact = $derived(Map.groupBy(this.#viewers, ({ contactId }) => contactId));
  /** Other people who have this pipeline open, each once. */
  readonly people: readonly Viewer[] = $derived([
    ...new Map(this.#viewers.map((viewer) => [viewer.userId, viewer])).values(),
  ]);

  constructor(parts: BoardParts) {
    this.#parts = parts;
    const { user } = parts.session;
    this.me = { type: "user", id: user.id, name: user.name };
    this.#missing = new MissingContacts({
      load: (ids) => parts.source.loadContactsById(parts.pipelineId, ids),
      admit: (answer, asked) => this.#admit(answer, asked),
    });
    this.#sender = new ChangeSender(parts.channel, parts.storage, {
      acknowledged: (seq) => this.#acknowledged(seq),
      refused: (pending, error) => {
        this.conflicts.note(pending, error);
        this.#refuse(pending.contactId, error.message);
      },
      undone: ({ undoes = "" }, { changed, problems }) =>
        this.#undoneSignal.tell({ mutationId: undoes, changed, problems }),
    });
    this.#filter = new BoardFilter({
      timeZone: () => this.settings.timeZone,
      shown: (id) => this.contact(id),
      isWaiting: (id) => this.waiting(id) > 0,
      review: (ids) => this.#settle(ids ?? this.#surface.placedIds),
      count: (filter) =>
        parts.source.loadBoard(parts.pipelineId, filter).then(
          ({ filtered }) => filtered,
          () => undefined,
        ),
    });
    this.#surface = new BoardSurface(this.#truth, this.#filter, this.#sender, this.me);
    this.#sync = new BoardSync(parts.channel, parts.pipelineId, this.live, {
      apply: (events) => this.#apply(events),
      reload: () => this.#load(),
      joined: () => this.#joined(),
      lost: () => this.#lost(),
      presence: (viewers) => (this.#viewers = viewers.filter(({ userId }) => userId !== user.id)),
      revoked: (reason) => this.#revokedSignal.tell(reason),
    });
    this.live.waiting = this.#surface.waiting;
    if (parts.first) this.#install(parts.first);
    else void this.#open();
  }

  get pipelineId(): string {
    return this.#parts.pipelineId;
  }

  get pipeline(): Pipeline | undefined {
    return this.#truth.pipeline;
  }

  get members(): readonly Member[] {
    return this.#truth.members;
  }

  get tags(): readonly Tag[] {
    return this.#truth.tags;
  }

  get settings(): OrganizationSettings {
    return this.#truth.settings;
  }

  get columns(): readonly BoardColumn[] {
    return this.#truth.columns;
  }

  /** Shows only what matches, as soon as the server has said what that is. */
  show(filter: ContactFilter): void {
    if (JSON.stringify(filter) === JSON.stringify(this.#wanted)) return;
    this.#wanted = filter;
    for (const column of this.columns) column.wanted = 0;
    this.retry();
  }

  /** Not everybody is shown. */
  get isFiltered(): boolean {
    return this.#filter.isOn;
  }

  /** Another filter was asked for than the one that is shown. */
  get filtering(): boolean {
    return this.#wanted !== this.#filter.filter;
  }

  /** One's own change took this contact out of the view: it can still be seen for a moment. */
  hasLeft(contactId: string): boolean {
    return this.#filter.left.has(contactId);
  }

  /** A contact as the person sees it, own pending changes included. */
  contact(contactId: string): Contact | undefined {
    return this.#surface.contact(contactId);
  }

  /** Own changes of a contact that the server has not answered. */
  waiting(contactId: string): number {
    return this.#surface.waitingFor(contactId);
  }

  /** Why the last own change of a contact was refused. */
  refusal(contactId: string): string | undefined {
    return this.#refusals.get(contactId);
  }

  dismissRefusal(contactId: string): void {
    this.#refusals.delete(contactId);
    this.conflicts.drop(contactId);
  }

  /** What somebody else has made of a field holds. */
  dismissConflict(contactId: string, field: ConflictField): void {
    this.conflicts.drop(contactId, field);
    if (this.conflicts.of(contactId).length === 0) this.#refusals.delete(contactId);
  }

  /** Others who have this contact open. */
  viewers(contactId: string): readonly Viewer[] {
    return this.#viewersByContact.get(contactId) ?? [];
  }

  /** Tells the others which contact is open here. */
  lookAt(contactId: string | null): void {
    this.#lookedAt = contactId;
    this.#tellPresence();
  }

  /** Makes sure that a contact is held and kept up to date, wherever it stands. */
  async open(contactId: string): Promise<void> {
    this.#opened.add(contactId);
    if (this.#truth.contacts.has(contactId)) return;
    const answer = await this.#parts.source.loadContactsById(this.pipelineId, [contactId]);
    if (answer.contacts.length === 0) throw new ApiError("not_found", "No such contact");
    if (!this.#admit(answer, [contactId])) this.#missing.want(contactId);
  }

  /** Contacts that another view lists, read as of `seq`: kept up to date from now on. False when they are too old. */
  hold(contacts: readonly Contact[], seq: number): boolean {
    return this.#admit(
      { contacts: [...contacts], seq },
      contacts.map(({ id }) => id),
    );
  }

  /** Contacts that another view may need: fetched if nobody holds them yet, they settle when they are there. */
  want(contactIds: readonly string[]): void {
    for (const id of contactIds) if (!this.#truth.contacts.has(id)) this.#missing.want(id);
  }

  /** Changes a contact: shown now, sent as soon as possible, kept until the log confirms it. */
  change(contactId: string, change: ContactChange): void {
    this.#refusals.delete(contactId);
    const saved = this.#truth.contacts.get(contactId);
    const decision = saved && this.#surface.judge(contactId, change);
    if (decision && !decision.ok) return this.#refuse(contactId, decision.message);
    if (decision?.events.length === 0) return;
    this.conflicts.settle(contactId, change);
    const wish = { mutationId: newMutationId(), contactId, change };
    this.#sender.add(saved ? { ...wish, version: saved.version, seen: seenBy(saved, change) } : wish);
    if (saved) this.#filter.expect(saved);
    else this.#missing.want(contactId);
    this.#settle([contactId], () => ({ by: "me", actor: this.me }));
    this.#changedSignal.tell({ mutationId: wish.mutationId, contactId, events: decision?.events ?? [] });
  }

  /** Takes one's own change back: what has not left the page is dropped, else the server is asked, now or later. */
  undo(mutationId: string, contactId: string): void {
    const dropped = this.#sender.drop(mutationId);
    if (!dropped)
      this.#sender.add({ mutationId: newMutationId(), contactId, change: {}, undoes: mutationId });
    this.#settle([contactId], () => ({ by: "me", actor: this.me }));
  }

  /** The view has come to this index of a column: what follows is fetched before it gets there. */
  async reach(column: BoardColumn, index: number): Promise<void> {
    column.wanted = Math.max(column.wanted, index);
    if (column.loading) return;
    column.loading = true;
    while (!column.complete && column.contacts.length < column.wanted + READ_AHEAD) {
      const far = column.wanted > column.contacts.length;
      column.failed = !(await this.#loadPage(column, far ? MAX_PAGE_SIZE : MAX_PAGE_SIZE / 2));
      if (column.failed || !this.columns.includes(column)) break;
    }
    column.loading = false;
  }

  /** Tries again at once what failed when the board was opened. */
  retry(): void {
    clearTimeout(this.#retry);
    this.problem = undefined;
    void this.#open();
  }

  close(): void {
    this.#epoch += 1;
    clearTimeout(this.#retry);
    this.#sync.stop();
    this.#sender.stop();
    this.#missing.clear();
    this.#filter.stop();
    this.live.stop();
  }

  async #open(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      const known = error instanceof ApiError;
      this.problem = known ? error.message : "The board could not be opened";
      const lasting = known && ["not_found", "forbidden", "unauthenticated", "invalid"].includes(error.code);
      if (!lasting) this.#retry = setTimeout(() => void this.#open(), OPEN_RETRY_MS);
    }
  }

  /** Takes a snapshot, and as much below it as the view had loaded before. */
  async #load(): Promise<void> {
    const epoch = ++this.#epoch;
    const filter = this.#wanted;
    const snapshot = await this.#parts.source.loadBoard(this.pipelineId, filter);
    const deeper = await Promise.all(snapshot.columns.map((page) => this.#loadDeeper(page)));
    if (epoch === this.#epoch) this.#install(snapshot, filter, deeper.flat());
  }

  #install(snapshot: BoardSnapshot, filter = this.#wanted, deeper: readonly ColumnPageAt[] = []): void {
    this.#filter.use(filter, snapshot.filtered);
    this.#truth.install(snapshot, deeper);
    this.#surface.reset(this.#opened);
    this.#missing.clear();
    for (const id of [...this.#opened, ...this.#sender.pending.map(({ contactId }) => contactId)]) {
      if (!this.#truth.contacts.has(id)) this.#missing.want(id);
    }
    this.#sender.confirm(snapshot.pipeline.seq);
    this.#settle(this.#truth.contacts.keys());
    this.problem = undefined;
    this.#sync.restart(snapshot.pipeline.seq);
    this.#reloadSignal.tell(undefined);
  }

  async #loadDeeper(first: BoardSnapshot["columns"][number]): Promise<ColumnPageAt[]> {
    const pages: ColumnPageAt[] = [];
    const wanted = this.#truth.column(first.stageId)?.wanted ?? 0;
    let last = first;
    for (let count = first.contacts.length; last.more && count < wanted; count += last.contacts.length) {
      const place = { pipelineId: this.pipelineId, stageId: first.stageId, after: last.contacts.at(-1) };
      const query = { ...place, limit: MAX_PAGE_SIZE, filter: this.#wanted };
      const page = await this.#parts.source.loadColumnPage(query);
      pages.push(page);
      last = page;
    }
    return pages;
  }

  /** False when the page did not arrive; one that is of no use any more is simply asked for again. */
  async #loadPage(column: BoardColumn, limit: number): Promise<boolean> {
    const epoch = this.#epoch;
    const { stageId, boundary } = column;
    const { filter } = this.#filter;
    const query = { pipelineId: this.pipelineId, stageId, after: boundary, limit, filter };
    const page = await this.#parts.source.loadColumnPage(query).catch(() => undefined);
    if (!page) return false;
    if (epoch !== this.#epoch || column.boundary !== boundary) return true;
    const missing = this.#truth.extend(column, page);
    if (!missing) return true;
    for (const id of missing) this.#missing.want(id);
    this.#sync.notice(page.seq);
    // Also contacts that were known before and stand where the page reaches now.
    const inStage = [...this.#truth.contacts.values()].filter((contact) => contact.stageId === stageId);
    this.#settle(inStage.map(({ id }) => id));
    return true;
  }

  #admit({ contacts, seq }: ContactsAt, asked: readonly string[]): boolean {
    if (!this.#truth.admit(contacts, seq)) return false;
    this.#sync.notice(seq);
    this.#settle(asked);
    return true;
  }

  #joined(): void {
    this.#sender.start();
    this.#tellPresence();
    for (const column of this.columns) if (column.failed) void this.reach(column, column.wanted);
  }

  #lost(): void {
    this.#sender.stop();
    this.#viewers = [];
  }

  #tellPresence(): void {
    if (!this.#parts.channel.connected) return;
    // Told again with the next connection: nothing depends on this one call.
    void this.#parts.channel.setPresence(this.pipelineId, this.#lookedAt).catch(() => undefined);
  }

  /** Tags and people that came after the board was opened: events name them by id only. */
  #learnNames({ type, after }: PipelineEvent): void {
    if (type === "organization.changed") return void this.#refreshNames();
    const named = [...(after.tagIds ?? []), ...(after.assigneeId ? [after.assigneeId] : [])];
    if (named.length === 0) return;
    const known = new Set([...this.tags, ...this.members].map(({ id }) => id));
    const strange = named.filter((id) => !known.has(id) && !this.#strangers.has(id));
    if (strange.length === 0) return;
    // Asked for once: what was deleted since stays unknown.
    for (const id of strange) this.#strangers.add(id);
    this.#parts.source.loadDirectory().then(
      (directory) => this.#truth.installNames(directory),
      () => strange.forEach((id) => this.#strangers.delete(id)),
    );
  }

  /** What belongs to all pipelines: an event says that it changed, the newest is asked for. */
  async #refreshNames(): Promise<void> {
    this.#namesWanted = true;
    if (this.#namesUnderway) return;
    this.#namesUnderway = true;
    while (this.#namesWanted) {
      this.#namesWanted = false;
      // A failed look is made up for by the next snapshot or event of this kind.
      const directory = await this.#parts.source.loadDirectory().catch(() => undefined);
      if (directory) this.#truth.installNames(directory);
    }
    this.#namesUnderway = false;
  }

  #apply(events: readonly PipelineEvent[]): void {
    const touched = new Map<string, Actor>();
    const settle = () => this.#settle(touched.keys(), (id) => ({ by: "someone", actor: touched.get(id) }));
    for (const event of events) {
      try {
        // Places are compared by rank: what moved before the ranks change must stand in its place by then.
        if (event.type === "pipeline.reranked") settle();
        const missing = this.#truth.apply(event);
        this.#learnNames(event);
        if (missing) this.#missing.want(missing);
        else if (event.contactId && this.#filter.mayBringIn(event)) this.want([event.contactId]);
        if (event.type === "pipeline.reranked") this.#applyRanks(event);
        if (event.contactId) touched.set(event.contactId, event.cause?.actor ?? event.actor);
      } catch (error) {
        // One event that cannot be read must not stop the others: a snapshot repairs what it would have done.
        console.error(`Event ${event.seq} cannot be applied`, error);
        this.#truth.forgetBefore(event.seq);
        this.#sync.startOver();
      }
    }
    const confirmed = this.#sender.confirm(this.#sync.seq);
    settle();
    this.#settle(confirmed, () => ({ by: "someone" }));
    this.#filter.note(events);
    this.#eventSignal.tell(events);
  }

  #applyRanks(event: PipelineEvent): void {
    const sure = this.#surface.rerank(contactIdsOf(event));
    if (!sure || this.#truth.leavesHole(event)) this.#sync.startOver();
  }

  #acknowledged(seq: number): void {
    this.#sync.notice(seq);
    this.#settle(this.#sender.confirm(this.#sync.seq), () => ({ by: "someone" }));
  }

  #refuse(contactId: string, message: string): void {
    this.#refusals.set(contactId, message);
    this.#settle([contactId], () => ({ by: "refusal" }));
    const username = this.contact(contactId)?.username ?? "";
    this.#refusedSignal.tell({ contactId, username, message });
  }

  #settle(touched: Iterable<string>, author?: (contactId: string) => Author): void {
    const ids = [...touched];
    const moves = this.#surface.settle(ids, author);
    this.live.waiting = this.#surface.waiting;
    // Told before the page changes, so that listeners can still measure where the cards stood.
    if (moves.length > 0) this.#moveSignal.tell(moves);
    for (const column of this.columns) column.publish();
    this.#settledSignal.tell([...ids, ...this.#sender.pending.map(({ contactId }) => contactId)]);
  }
}
