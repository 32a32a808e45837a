import type {
  BoardSnapshot,
  ColumnPageAt,
  ContactsAt,
  Directory,
} from "@dmtracker/shared/contracts/board.ts";
import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { ConflictDetails, ErrorCode } from "@dmtracker/shared/contracts/errors.ts";
import type { BulkAction, UndoAnswer, UndoMessage } from "@dmtracker/shared/contracts/bulk.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Actor, Session } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline, Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import type {
  ChangeContactMessage,
  ChangeReply,
  JoinReply,
  Reply,
} from "@dmtracker/shared/contracts/realtime.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import type { Place } from "@dmtracker/shared/pipeline/decision.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import { reverseContact } from "@dmtracker/shared/pipeline/reverse-contact.ts";
import { compareRanked, placeInOrder, rankBetween, ranksBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import type { BoardChannel, ChannelListener } from "../../web/src/lib/realtime/board-channel.ts";
import type { BoardSource } from "../../web/src/lib/state/board-source.ts";
import type { ChangeStorage, PendingChange } from "../../web/src/lib/state/pending-changes.ts";

export const ME: Session = {
  user: { id: "user-me", name: "Me", email: "me@example.com" },
  organization: { id: "org", name: "Org", timeZone: "UTC" },
  organizations: [{ id: "org", name: "Org", role: "member" }],
  role: "member",
};
export const ANA: Actor = { type: "user", id: "user-ana", name: "Ana" };
export const STAGES = ["new", "talking", "closed"].map((id) => ({ id, name: id, colour: "#888888" }));
const PAGE = 40;

function aContact(id: string, stageId: string, rank: string): Contact {
  const at = "2026-01-01T00:00:00Z";
  return {
    id,
    pipelineId: "pipeline",
    stageId,
    rank,
    username: id,
    displayName: null,
    email: null,
    phone: null,
    manychatId: null,
    igId: null,
    value: 10,
    tagIds: [],
    assigneeId: null,
    leadStatus: "open",
    lostReason: null,
    conversationStatus: null,
    lastMessage: null,
    followUp: null,
    followUpStep: 0,
    parked: null,
    removed: null,
    source: "demo",
    version: 1,
    seq: 0,
    createdAt: at,
    stageEnteredAt: at,
    statusChangedAt: at,
    lastActivityAt: at,
  };
}

/** A pipeline with its log, in memory: the same pure rules as the real server, no transport. */
export class FakeServer implements BoardSource {
  pipeline: Pipeline;
  contacts = new Map<string, Contact>();
  log: PipelineEvent[] = [];
  channels = new Set<FakeChannel>();
  answers = new Map<string, Reply<ChangeReply>>();
  /** What the changes of browsers have written, by mutation id. */
  commits = new Map<string, { contactId: string; from: number; until: number }>();
  /** Catch-ups longer than this are answered with "snapshot". */
  maxCatchUp = 1_000;
  directory: Directory = { members: [], tags: [], settings: DEFAULT_SETTINGS };
  requests: string[] = [];
  /** Set to hold answers of reads back until it resolves. */
  readGate: Promise<void> | undefined;
  batches = 0;

  constructor(columns: Record<string, string[]>, rules: Rule[] = []) {
    this.pipeline = {
      id: "pipeline",
      organizationId: "org",
      name: "Sales",
      stages: STAGES,
      rules,
      totals: {},
      seq: 0,
    };
    for (const [stageId, ids] of Object.entries(columns)) {
      const ranks = ranksBetween(null, null, ids.length);
      ids.forEach((id, index) => this.contacts.set(id, aContact(id, stageId, ranks[index] as string)));
      this.pipeline.totals[stageId] = { open: { count: ids.length, value: ids.length * 10 } };
    }
  }

  list(stageId: string, filter: ContactFilter = {}): Contact[] {
    const moment = { now: new Date(), timeZone: "UTC" };
    return [...this.contacts.values()]
      .filter((one) => !one.removed && one.stageId === stageId && matchesFilter(one, filter, moment))
      .sort(compareRanked);
  }

  ids(stageId: string): string[] {
    return this.list(stageId).map(({ id }) => id);
  }

  /** Commits a change and tells every joined channel. */
  commit(contactId: string, change: ContactChange, actor: Actor = ANA): Reply<ChangeReply> {
    const contact = this.contacts.get(contactId);
    if (!contact) return refusal("not_found", "No such contact");
    const decision = decide(contact, change, {
      pipeline: this.pipeline,
      settings: DEFAULT_SETTINGS,
      actor,
      now: new Date().toISOString(),
      head: this.pipeline.seq,
      batchId: `batch-${++this.batches}`,
      rankFor: (stageId, place, moving) => this.#rankFor(stageId, place, moving),
    });
    if (!decision.ok) return refusal(decision.code, decision.message);
    this.publish(decision.events);
    return { ok: true, seq: this.pipeline.seq, version: decision.contact.version };
  }

  publish(events: PipelineEvent[]): void {
    for (const event of events) {
      this.pipeline = applyToPipeline(this.pipeline, event);
      this.log.push(event);
      const ids = event.contactId ? [event.contactId] : Object.keys(event.after.ranks ?? {});
      for (const id of ids) {
        const next = applyToContact(this.contacts.get(id), event);
        if (next) this.contacts.set(id, next);
      }
    }
    if (events.length > 0) for (const channel of this.channels) channel.deliver(events);
  }

  event(part: Partial<PipelineEvent>): PipelineEvent {
    return {
      pipelineId: "pipeline",
      seq: this.pipeline.seq + 1,
      type: "contact.fields_changed",
      contactId: null,
      username: null,
      before: {},
      after: {},
      actor: ANA,
      cause: null,
      batchId: `batch-${++this.batches}`,
      at: new Date().toISOString(),
      ...part,
    };
  }

  rerank(stageId: string): void {
    const list = this.list(stageId);
    const ranks = ranksBetween("b00", null, list.length);
    const entries = list.map(({ id }, index) => [id, ranks[index] as string] as const);
    this.publish([this.event({ type: "pipeline.reranked", after: { ranks: Object.fromEntries(entries) } })]);
  }

  /** A change from a browser: the same mutation id gets the first answer. */
  change({ mutationId, contactId, version: _version, ...change }: ChangeContactMessage, actor: Actor) {
    const first = this.answers.get(mutationId);
    if (first) return first;
    const from = this.pipeline.seq;
    const answer = this.commit(contactId, change, actor);
    this.answers.set(mutationId, answer);
    this.commits.set(mutationId, { contactId, from, until: this.pipeline.seq });
    return answer;
  }

  /** Takes one change back as the real server does, by the same rules. */
  undo({ undoes }: UndoMessage, actor: Actor): Reply<UndoAnswer> {
    const commit = this.commits.get(undoes);
    const contact = commit && this.contacts.get(commit.contactId);
    if (!commit || !contact) return refusal("not_found", "There is no such change of yours");
    const history = this.log.filter(({ contactId, seq }) => contactId === contact.id && seq > commit.from);
    const reversal = reverseContact(contact, history, ({ seq }) => seq <= commit.until, {
      pipeline: this.pipeline,
      settings: DEFAULT_SETTINGS,
      actor,
      now: new Date().toISOString(),
      head: this.pipeline.seq,
      batchId: `batch-${++this.batches}`,
      undoes: { batchId: undoes, actor, by: "undo" },
      isMember: () => true,
      isTag: () => true,
      isTaken: () => false,
      freeRank: (_stageId, rank) => rank,
    });
    this.publish(reversal.events);
    const problems = reversal.skipped.map((message) => ({
      contactId: contact.id,
      username: contact.username,
      message,
    }));
    const changed = reversal.events.length > 0 ? 1 : 0;
    return { ok: true, seq: this.pipeline.seq, changed, problems, bulk: null };
  }

  join(since: number): Reply<JoinReply> {
    const { seq } = this.pipeline;
    if (seq - since > this.maxCatchUp) return { ok: true, seq, snapshot: true };
    return { ok: true, seq, events: this.log.filter((event) => event.seq > since) };
  }

  async loadBoard(_pipelineId = "pipeline", filter: ContactFilter = {}): Promise<BoardSnapshot> {
    this.requests.push("board");
    const { stages } = this.pipeline;
    const columns = stages.map(({ id }) => this.#page(id, 0, PAGE, filter));
    const totals = stages.map(({ id }) => [id, totalOf(this.list(id, filter))] as const);
    return this.#answer({
      ...(Object.keys(filter).length > 0 && { filtered: Object.fromEntries(totals) }),
      pipeline: this.pipeline,
      columns,
      members: [],
      tags: [],
      settings: DEFAULT_SETTINGS,
    });
  }

  async loadColumnPage(query: Parameters<BoardSource["loadColumnPage"]>[0]): Promise<ColumnPageAt> {
    this.requests.push(`page ${query.stageId}`);
    const list = this.list(query.stageId, query.filter);
    const start = query.after ? placeInOrder(list, { rank: query.after.rank, id: `${query.after.id}\0` }) : 0;
    const page = this.#page(query.stageId, start, query.limit, query.filter);
    return this.#answer({ ...page, seq: this.pipeline.seq });
  }

  async loadContactsById(_pipelineId: string, ids: readonly string[]): Promise<ContactsAt> {
    this.requests.push(`contacts ${ids.join(",")}`);
    const contacts = ids
      .map((id) => this.contacts.get(id))
      .filter((contact) => contact !== undefined && !contact.removed) as Contact[];
    return this.#answer({ contacts, seq: this.pipeline.seq });
  }

  async loadDirectory(): Promise<Directory> {
    this.requests.push("directory");
    return this.#answer(this.directory);
  }

  async #answer<T>(answer: T): Promise<T> {
    const copy = structuredClone(answer);
    await this.readGate;
    return copy;
  }

  #page(stageId: string, start: number, limit: number, filter?: ContactFilter) {
    const list = this.list(stageId, filter);
    return { stageId, contacts: list.slice(start, start + limit), more: list.length > start + limit };
  }

  #rankFor(stageId: string, place: Place | undefined, contact: Contact | undefined): string {
    const list = this.list(stageId).filter(({ id }) => id !== contact?.id);
    const after = list.findIndex(({ id }) => id === place?.after);
    const before = list.findIndex(({ id }) => id === place?.before);
    const at = after >= 0 ? after + 1 : before >= 0 ? before : 0;
    const [upper, lower] = [list[at - 1]?.rank ?? null, list[at]?.rank ?? null];
    const own = place && contact?.stageId === stageId ? contact.rank : undefined;
    const stands = own !== undefined && (upper === null || own > upper) && (lower === null || own < lower);
    return stands ? own : rankBetween(upper, lower);
  }
}

function totalOf(contacts: readonly Contact[]) {
  return { count: contacts.length, value: contacts.reduce((sum, { value }) => sum + (value ?? 0), 0) };
}

function refusal(code: ErrorCode, message: string): Reply<never> {
  return { ok: false, code, message, issues: [] };
}

type Answer =
  | "answer"
  | "hold"
  | "never"
  | "busy"
  | { refuse: string }
  | { conflict: ConflictDetails }
  | "commit, then lose the answer";

/** The connection between one browser and the fake server, with every fault a network knows. */
export class FakeChannel implements BoardChannel {
  connected = false;
  joined = false;
  reconnects = 0;
  sent: ChangeContactMessage[] = [];
  presence: (string | null)[] = [];
  /** Events vanish on their way while this is set. */
  losing = false;
  /** What happens to the next changes; "answer" when it runs out. */
  next: Answer[] = [];
  held: (() => void)[] = [];
  readonly #listeners = new Set<Partial<ChannelListener>>();
  readonly #server: FakeServer;
  readonly #actor: Actor;

  constructor(server: FakeServer, actor: Actor = { type: "user", id: ME.user.id, name: ME.user.name }) {
    this.#server = server;
    this.#actor = actor;
    server.channels.add(this);
  }

  connect(): void {
    this.connected = true;
    this.#tell((listener) => listener.connected?.());
  }

  reconnect(): void {
    this.reconnects += 1;
    this.disconnect();
    this.connect();
  }

  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.joined = false;
    this.#tell((listener) => listener.disconnected?.());
  }

  close(): void {
    this.disconnect();
    this.#server.channels.delete(this);
  }

  listen(listener: Partial<ChannelListener>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  join(_pipelineId: string, since: number): Promise<Reply<JoinReply>> {
    if (!this.connected) return Promise.reject(new Error("down"));
    this.joined = true;
    return Promise.resolve(this.#server.join(since));
  }

  leave(): Promise<Reply<object>> {
    this.joined = false;
    return Promise.resolve({ ok: true });
  }

  setPresence(_pipelineId: string, contactId: string | null): Promise<Reply<object>> {
    this.presence.push(contactId);
    return Promise.resolve({ ok: true });
  }

  change(message: ChangeContactMessage): Promise<Reply<ChangeReply>> {
    if (!this.connected) return Promise.reject(new Error("down"));
    this.sent.push(message);
    const answer = this.next.shift() ?? "answer";
    if (answer === "busy") return Promise.resolve(refusal("busy", "Busy"));
    if (answer === "never") return Promise.reject(new Error("timeout"));
    if (answer === "commit, then lose the answer") {
      this.#server.change(message, this.#actor);
      return Promise.reject(new Error("timeout"));
    }
    if (typeof answer === "object" && "conflict" in answer) {
      return Promise.resolve({ ...refusal("conflict", "Meanwhile"), conflict: answer.conflict });
    }
    if (typeof answer === "object") return Promise.resolve(refusal("forbidden", answer.refuse));
    if (answer === "answer") return Promise.resolve(this.#server.change(message, this.#actor));
    return new Promise((resolve) => this.held.push(() => resolve(this.#server.change(message, this.#actor))));
  }

  undos: UndoMessage[] = [];
  bulkReplies: Reply<{ bulk: BulkAction }>[] = [];

  undo(message: UndoMessage): Promise<Reply<UndoAnswer>> {
    if (!this.connected) return Promise.reject(new Error("down"));
    this.undos.push(message);
    return Promise.resolve(this.#server.undo(message, this.#actor));
  }

  changeMany(): Promise<Reply<{ bulk: BulkAction }>> {
    if (!this.connected) return Promise.reject(new Error("down"));
    return Promise.resolve(this.bulkReplies.shift() ?? refusal("internal", "No answer was prepared"));
  }

  cancelBulk(): Promise<Reply<{ bulk: BulkAction }>> {
    return this.changeMany();
  }

  /** The server tells how far a bulk action is. */
  tellBulk(bulk: BulkAction): void {
    this.#tell((listener) => listener.bulk?.({ bulk }));
  }

  /** Lets the oldest held change reach the server. */
  release(): void {
    this.held.shift()?.();
  }

  deliver(events: PipelineEvent[]): void {
    if (!this.connected || !this.joined || this.losing) return;
    this.#tell((listener) => listener.events?.({ pipelineId: "pipeline", events: structuredClone(events) }));
  }

  heartbeat(): void {
    if (!this.joined) return;
    this.#tell((listener) => listener.head?.({ pipelineId: "pipeline", seq: this.#server.pipeline.seq }));
  }

  wake(): void {
    this.#tell((listener) => listener.woke?.());
  }

  #tell(tell: (listener: Partial<ChannelListener>) => void): void {
    for (const listener of [...this.#listeners]) tell(listener);
  }
}

export function memoryStorage(): ChangeStorage & { entries: Map<string, PendingChange> } {
  const entries = new Map<string, PendingChange>();
  return {
    entries,
    load: () => [...entries.values()].sort((a, b) => a.order - b.order),
    has: (id) => entries.has(id),
    save: (change) => void entries.set(change.mutationId, change),
    remove: (id) => void entries.delete(id),
  };
}
