import type { Message } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { Columns, Texts } from "./columns.ts";

/** An event as reports read it. */
export type ReportEvent = Pick<
  PipelineEvent,
  "seq" | "type" | "contactId" | "username" | "before" | "after" | "actor" | "cause" | "at"
>;

export const STATUSES = ["open", "won", "lost", "abandoned"] as const satisfies LeadStatus[];
export const statusCode = (status: LeadStatus): number => STATUSES.indexOf(status);

/** What happened, one row each, in the order of the log. */
export const FACT = { moved: 1, sent: 2, received: 3, done: 4 } as const;
/** Of `moved`: the contact was still in the race after the change. */
export const PROGRESS = 1;
/** Of `moved`: its stage was deleted under it; nobody moved it. */
export const CARRIED = 2;

const FACTS = {
  kind: "u8",
  flags: "u8",
  contact: "u32",
  at: "f64",
  since: "f64",
  from: "u32",
  to: "u32",
  by: "u32",
} as const;
const CONTACTS = {
  status: "u8",
  statusAt: "f64",
  createdAt: "f64",
  value: "f64",
  hasValue: "u8",
  source: "u32",
  assignee: "u32",
  reason: "u32",
  stage: "u32",
  enteredAt: "f64",
  /** Stage at the start of the change that is being read, and which change that is. */
  stageBefore: "u32",
  version: "u32",
  /** Where it stood when it got its present status. */
  outcomeStage: "u32",
  /** Row of its last entry into a stage, plus one. */
  lastEntry: "u32",
  /** 1 while it is removed: then no figure counts it, nor anything that happened to it. */
  isRemoved: "u8",
} as const;

/** A win that stands. */
export type StandingWin = {
  seq: number;
  at: number;
  contact: number;
  username: string;
  by: Actor;
  rule: string | null;
  fromStage: number;
  creditedTo: number;
};

/**
 * The log of one pipeline as reports need it: every contact as it is now, and what happened in columns. Follows
 * from the events alone, so it can be thrown away and read anew at any time.
 */
export class ReportBook {
  seq = 0;
  readonly texts = new Texts();
  readonly facts = new Columns(FACTS);
  readonly contacts = new Columns(CONTACTS);
  readonly ids: string[] = [];
  /** Wins that stand, by contact. */
  readonly wins = new Map<number, StandingWin>();
  /** Wins of contacts that are removed: they stand again when the contact is restored. */
  readonly removedWins = new Map<number, StandingWin>();
  /** The last name that the log knows of a person. */
  readonly names = new Map<number, string>();
  readonly #rows = new Map<string, number>();

  take(event: ReportEvent): void {
    if (event.seq <= this.seq) return;
    this.seq = event.seq;
    if (event.contactId === null) return;
    const contact = this.#rowOf(event);
    if (contact === undefined) return;
    this.#startChange(contact, event);
    switch (event.type) {
      case "contact.stage_changed":
        return this.#move(contact, event);
      case "contact.status_changed":
        return this.#changeStatus(contact, event);
      case "contact.message_logged":
        return this.#logMessage(contact, event);
      case "contact.follow_up_done":
        return this.#complete(contact, event);
      case "contact.removed":
        return this.#remove(contact);
      case "contact.restored":
        return this.#restore(contact, event);
      default:
        this.#takeFields(contact, event);
    }
  }

  /** Gives the next row that has no contact's id yet its own. */
  nameRow(contactId: string): void {
    this.#rows.set(contactId, this.ids.length);
    this.ids.push(contactId);
  }

  #rowOf({ contactId, type, after, at, actor, cause }: ReportEvent): number | undefined {
    const known = this.#rows.get(contactId as string);
    if (known !== undefined || type !== "contact.created") return known;
    const row = this.contacts.add();
    this.nameRow(contactId as string);
    const columns = this.contacts.at;
    columns.status[row] = statusCode(after.leadStatus ?? "open");
    columns.statusAt[row] = Date.parse(after.statusChangedAt ?? at);
    columns.createdAt[row] = Date.parse(after.createdAt ?? at);
    columns.source[row] = this.texts.codeOf(after.source);
    columns.assignee[row] = this.texts.codeOf(after.assigneeId);
    columns.reason[row] = this.texts.codeOf(after.lostReason);
    this.#setValue(row, after.value);
    this.#enter(row, { stage: after.stageId, at: Date.parse(at), by: this.#personOf({ actor, cause }) });
    return row;
  }

  /** All events of one change carry the version that it made. */
  #startChange(contact: number, { after: { version }, type }: ReportEvent): void {
    const columns = this.contacts.at;
    if (version === undefined || columns.version[contact] === version) return;
    columns.version[contact] = version;
    columns.stageBefore[contact] = type === "contact.created" ? 0 : (columns.stage[contact] ?? 0);
  }

  #setValue(contact: number, value: number | null | undefined): void {
    if (value === undefined) return;
    this.contacts.at.value[contact] = value ?? 0;
    this.contacts.at.hasValue[contact] = value === null ? 0 : 1;
  }

  /** What every kind of event may bring along. */
  #takeFields(contact: number, { after, type }: ReportEvent): void {
    if (type === "contact.created") return;
    if (after.lostReason !== undefined)
      this.contacts.at.reason[contact] = this.texts.codeOf(after.lostReason);
    if (after.assigneeId !== undefined)
      this.contacts.at.assignee[contact] = this.texts.codeOf(after.assigneeId);
    this.#setValue(contact, after.value);
  }

  /** The person whose act it was, themselves or by a rule that answered to it; 0 when it was none. */
  #personOf({ actor, cause }: Pick<ReportEvent, "actor" | "cause">): number {
    const who = actor.type === "automation" && cause ? cause.actor : actor;
    if (who.type !== "user" || who.id === null) return 0;
    const code = this.texts.codeOf(who.id);
    this.names.set(code, who.name);
    return code;
  }

  #addFact(kind: number, contact: number, at: number, by: number): number {
    const row = this.facts.add();
    const columns = this.facts.at;
    columns.kind[row] = kind;
    columns.contact[row] = contact;
    columns.at[row] = at;
    columns.by[row] = by;
    return row;
  }

  #isInRace(contact: number): boolean {
    const status = this.contacts.at.status[contact];
    return status === statusCode("open") || status === statusCode("won");
  }

  #enter(
    contact: number,
    { stage, at, by, flags = 0 }: { stage: string | undefined; at: number; by: number; flags?: number },
  ): void {
    const columns = this.contacts.at;
    const row = this.#addFact(FACT.moved, contact, at, by);
    this.facts.at.from[row] = columns.stage[contact] ?? 0;
    this.facts.at.to[row] = this.texts.codeOf(stage);
    this.facts.at.since[row] = columns.enteredAt[contact] ?? 0;
    this.facts.at.flags[row] = flags | (this.#isInRace(contact) ? PROGRESS : 0);
    columns.stage[contact] = this.texts.codeOf(stage);
    columns.enteredAt[contact] = at;
    columns.lastEntry[contact] = row + 1;
  }

  #move(contact: number, event: ReportEvent): void {
    const flags = event.cause?.type === "pipeline.stages_changed" ? CARRIED : 0;
    const by = this.#personOf(event);
    this.#enter(contact, { stage: event.after.stageId, at: Date.parse(event.at), by, flags });
    this.#takeFields(contact, event);
  }

  #changeStatus(contact: number, event: ReportEvent): void {
    this.#takeFields(contact, event);
    const status = event.after.leadStatus;
    if (status === undefined) return;
    const columns = this.contacts.at;
    columns.status[contact] = statusCode(status);
    columns.statusAt[contact] = Date.parse(event.after.statusChangedAt ?? event.at);
    columns.outcomeStage[contact] = columns.stageBefore[contact] ?? 0;
    this.#reviseEntry(contact, event);
    if (status === "won") this.#win(contact, event);
    else this.wins.delete(contact);
  }

  /** A move that came with its loss was no progress, whichever of the two came first in the change. */
  #reviseEntry(contact: number, { after: { version } }: ReportEvent): void {
    const columns = this.contacts.at;
    const row = (columns.lastEntry[contact] ?? 0) - 1;
    const isOfThisChange = columns.stageBefore[contact] !== columns.stage[contact] && version !== undefined;
    if (row < 0 || !isOfThisChange) return;
    const flags = (this.facts.at.flags[row] ?? 0) & ~PROGRESS;
    this.facts.at.flags[row] = flags | (this.#isInRace(contact) ? PROGRESS : 0);
  }

  #win(contact: number, event: ReportEvent): void {
    const { seq, actor, cause, username } = event;
    const columns = this.contacts.at;
    const isRule = actor.type === "automation" && cause !== null;
    this.wins.set(contact, {
      seq,
      at: columns.statusAt[contact] ?? 0,
      contact,
      username: username ?? "",
      by: isRule ? cause.actor : actor,
      rule: isRule ? actor.name : null,
      fromStage: columns.stageBefore[contact] ?? 0,
      creditedTo: this.#personOf(event) || (columns.assignee[contact] ?? 0),
    });
  }

  #remove(contact: number): void {
    this.contacts.at.isRemoved[contact] = 1;
    const win = this.wins.get(contact);
    if (win) this.removedWins.set(contact, win);
    this.wins.delete(contact);
  }

  #restore(contact: number, event: ReportEvent): void {
    const columns = this.contacts.at;
    columns.isRemoved[contact] = 0;
    const win = this.removedWins.get(contact);
    if (win) this.wins.set(contact, win);
    this.removedWins.delete(contact);
    this.#takeFields(contact, event);
    const stage = this.texts.codeOf(event.after.stageId);
    // Its stage was deleted meanwhile: like everybody else of that stage, it was carried.
    if (stage !== columns.stage[contact]) {
      const by = this.#personOf(event);
      this.#enter(contact, { stage: event.after.stageId, at: Date.parse(event.at), by, flags: CARRIED });
    }
  }

  #logMessage(contact: number, event: ReportEvent): void {
    this.#takeFields(contact, event);
    const message: Message | null | undefined = event.after.message ?? event.after.lastMessage;
    if (!message) return;
    const kind = message.direction === "out" ? FACT.sent : FACT.received;
    this.#addFact(kind, contact, Date.parse(message.at), this.#personOf(event));
  }

  #complete(contact: number, event: ReportEvent): void {
    const due = event.before.followUp?.dueAt;
    if (due === undefined) return;
    const row = this.#addFact(FACT.done, contact, Date.parse(event.at), this.#personOf(event));
    this.facts.at.since[row] = Date.parse(due);
  }
}
