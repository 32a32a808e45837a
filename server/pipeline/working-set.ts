import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import type { Touched } from "#server/contacts/contact.model.ts";
import { findContactsOfPipeline, type ContactWrite } from "#server/contacts/contact.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
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

function touchedAfter(touched: Touched, event: PipelineEvent): Touched {
  const version = event.after.version;
  // Nobody can have seen a contact before its first version.
  if (version === undefined || event.type === "contact.created") return touched;
  // What a rule did belongs to the person whose change it answered.
  const { id: by, name } = event.cause?.actor ?? event.actor;
  const edited = Object.keys(event.after).filter((field) => !BOOKKEEPING.has(field));
  return { ...touched, ...Object.fromEntries(edited.map((field) => [field, { version, by, name }])) };
}

/** One batch while it is being decided: contacts and pipeline as they will be, and the events that make them so. */
export class WorkingSet {
  readonly organizationId: string;
  readonly ranks: RankBook;
  readonly events: PipelineEvent[] = [];
  readonly #start: Pipeline;
  #pipeline: Pipeline;
  readonly #contacts = new Map<string, ContactWrite & { changed: boolean }>();
  readonly #looked = new Set<string>();
  #settings: Promise<OrganizationSettings> | undefined;

  constructor(pipeline: Pipeline) {
    this.#start = pipeline;
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

  /**
   * Read once per batch and not guarded like stages and rules: a cadence that is changed in that moment may miss
   * the changes that were just being decided, and nothing else depends on it.
   */
  settings(): Promise<OrganizationSettings> {
    return (this.#settings ??= findSettings(this.organizationId));
  }

  /** Reads contacts that are not in yet; ids of other pipelines are simply not found. */
  async load(ids: Iterable<string>): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.#looked.has(id));
    if (wanted.length === 0) return;
    for (const id of wanted) this.#looked.add(id);
    for (const { contact, touched } of await findContactsOfPipeline(this.#start.id, wanted)) {
      this.#contacts.set(contact.id, { before: contact, contact, touched, changed: false });
    }
  }

  find(contactId: string): Contact | undefined {
    return this.#contacts.get(contactId)?.contact;
  }

  touchedOf(contactId: string): Touched {
    return this.#contacts.get(contactId)?.touched ?? {};
  }

  /** A contact that this batch has created, by a name that must be unique. */
  findCreated(matches: (contact: Contact) => boolean): Contact | undefined {
    for (const { before, contact } of this.#contacts.values())
      if (!before && matches(contact)) return contact;
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

  /** What must be saved. */
  writes(): ContactWrite[] {
    return [...this.#contacts.values()].filter(({ changed }) => changed);
  }
}
