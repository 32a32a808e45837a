import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import type { ClientSession } from "mongoose";
import type { Touched } from "#server/contacts/contact.model.ts";
import { findAllOfPipeline, type StoredContact } from "#server/contacts/contact.store.ts";
import type { ContactWrite } from "#server/contacts/save-contacts.store.ts";
import type { Known } from "./known-state.ts";
import { RankBook } from "./rank-book.ts";

/** Keys of an event's `after` that no person edits, so no two people can disagree about them. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  "version",
  "seq",
  "rank",
  "note",
  "tagIds",
  "lastMessage",
  "followUpStep",
  "conversationStatus",
  "stageEnteredAt",
  "statusChangedAt",
]);

/** Events that are about the contact as a whole and not about any of its fields. */
const WHOLE: ReadonlySet<string> = new Set(["contact.created", "contact.removed", "contact.restored"]);

function touchedAfter(touched: Touched, event: PipelineEvent): Touched {
  const version = event.after.version;
  // Nobody can have seen a contact before its first version, or edited one that was not there.
  if (version === undefined || WHOLE.has(event.type)) return touched;
  // What a rule did belongs to the person whose change it answered.
  const { id: by, name } = event.cause?.actor ?? event.actor;
  const edited = Object.keys(event.after).filter((field) => !BOOKKEEPING.has(field));
  return {
    ...touched,
    ...Object.fromEntries(edited.map((field) => [field, { version, by, name, at: event.at }])),
  };
}

export type BatchSources = {
  /** Contacts that need not be read again. */
  known: Known | undefined;
  findSettings: (organizationId: string) => Promise<OrganizationSettings>;
};

/** A further write of the same transaction. */
export type Effect = (session: ClientSession) => Promise<unknown>;

/** One batch while it is being decided: contacts and pipeline as they will be, and the events that make them so. */
export class WorkingSet {
  readonly organizationId: string;
  readonly ranks: RankBook;
  readonly events: PipelineEvent[] = [];
  readonly #start: Pipeline;
  #pipeline: Pipeline;
  readonly #contacts = new Map<string, ContactWrite & { changed: boolean }>();
  readonly #looked = new Set<string>();
  readonly #known: Known | undefined;
  readonly #findSettings: (organizationId: string) => Promise<OrganizationSettings>;

  /** What else is written with the batch: things that are no contacts, such as a tag. */
  readonly effects: Effect[] = [];
  #settings: Promise<OrganizationSettings> | undefined;
  #changedSettings: OrganizationSettings | undefined;

  constructor(pipeline: Pipeline, sources: BatchSources) {
    this.#start = pipeline;
    this.#known = sources.known;
    this.#findSettings = sources.findSettings;
    this.#pipeline = pipeline;
    this.organizationId = pipeline.organizationId;
    this.ranks = new RankBook(pipeline.id);
  }

  /** The pipeline before the batch. */
  get start(): Pipeline {
    return this.#start;
  }

  /** The pipeline with everything that was decided so far. */
  get pipeline(): Pipeline {
    return this.#pipeline;
  }

  /** The same ones for the whole batch. */
  settings(): Promise<OrganizationSettings> {
    return (this.#settings ??= this.#findSettings(this.organizationId));
  }

  /** As an earlier change of this batch leaves them; undefined when none has touched them. */
  get changedSettings(): OrganizationSettings | undefined {
    return this.#changedSettings;
  }

  changeSettings(settings: OrganizationSettings): void {
    this.#changedSettings = settings;
    this.#settings = Promise.resolve(settings);
  }

  /** Takes in contacts that are not in yet, from memory or from the database; ids of other pipelines are simply not found. */
  async load(ids: Iterable<string>): Promise<void> {
    const unread: string[] = [];
    for (const id of ids) {
      if (this.#looked.has(id)) continue;
      this.#looked.add(id);
      const known = this.#known?.findContact(id);
      if (known) this.#take(known);
      else unread.push(id);
    }
    if (unread.length === 0) return;
    for (const stored of await findAllOfPipeline(this.#start.id, unread)) this.#take(stored);
  }

  #take({ contact, touched }: StoredContact): void {
    this.#contacts.set(contact.id, { before: contact, contact, touched, changed: false });
  }

  /** All contacts of the batch as it leaves them. */
  contacts(): Iterable<StoredContact> {
    return this.#contacts.values();
  }

  /** Also one that was removed: `decide` knows what that means. */
  find(contactId: string): Contact | undefined {
    return this.#contacts.get(contactId)?.contact;
  }

  touchedOf(contactId: string): Touched {
    return this.#contacts.get(contactId)?.touched ?? {};
  }

  /** A contact that this batch has created, by a name that must be unique. */
  findCreated(matches: (contact: Contact) => boolean): Contact | undefined {
    for (const { before, contact } of this.#contacts.values())
      if (!before && !contact.removed && matches(contact)) return contact;
    return undefined;
  }

  /** Takes a decision in. */
  record(events: readonly PipelineEvent[], contact?: Contact): void {
    this.events.push(...events);
    for (const event of events) this.#pipeline = applyToPipeline(this.#pipeline, event);
    if (!contact || events.length === 0) return;
    const known = this.#contacts.get(contact.id);
    this.#contacts.set(contact.id, {
      before: known?.before,
      contact,
      touched: events.reduce(touchedAfter, known?.touched ?? {}),
      changed: true,
    });
    this.ranks.noteStanding(contact);
  }

  /** Takes one event in that changes several loaded contacts, none of them by a person. */
  recordForMany(event: PipelineEvent, contactIds: readonly string[]): void {
    this.record([event]);
    for (const id of contactIds) {
      const known = this.#contacts.get(id);
      const contact = applyToContact(known?.contact, event);
      if (!known || !contact) continue;
      this.#contacts.set(id, { ...known, contact, changed: true });
      this.ranks.noteStanding(contact);
    }
  }

  /** Contacts that stand in a stage now, among those that are in. */
  standingIn(stageId: string): Contact[] {
    return [...this.#contacts.values()]
      .map(({ contact }) => contact)
      .filter((contact) => contact.stageId === stageId && !contact.removed);
  }

  /** Contacts that carry a tag now, among those that are in. */
  tagged(tagId: string): Contact[] {
    return [...this.#contacts.values()]
      .map(({ contact }) => contact)
      .filter(({ tagIds, removed }) => tagIds.includes(tagId) && !removed);
  }

  /** What must be saved. */
  writes(): ContactWrite[] {
    return [...this.#contacts.values()].filter(({ changed }) => changed);
  }
}
