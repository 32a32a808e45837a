/* eslint-disable svelte/prefer-svelte-reactivity -- working maps that no page reads: reactivity would cost every event */
import type { BoardSnapshot, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { BoardColumn } from "./board-column.svelte.ts";
import { RecentEvents } from "./recent-events.ts";

/** What the log says, as far as it is loaded: a snapshot and every event after it, applied in order. */
export class BoardTruth {
  pipeline = $state.raw<Pipeline>();
  /** In board order. */
  columns = $state.raw<readonly BoardColumn[]>([]);
  /** Also contacts below what is loaded, when they were met: their events are applied all the same. */
  readonly contacts = new Map<string, Contact>();
  readonly #recent = new RecentEvents(0);
  /** Pages were read as of this number, while the events up to it are still on their way. */
  #readAhead = 0;

  column(stageId: string | undefined): BoardColumn | undefined {
    return this.columns.find((column) => column.stageId === stageId);
  }

  install({ pipeline, columns }: BoardSnapshot, deeper: readonly ColumnPageAt[]): void {
    this.contacts.clear();
    this.#readAhead = Math.max(pipeline.seq, ...deeper.map(({ seq }) => seq));
    this.#recent.restart(pipeline.seq);
    this.pipeline = pipeline;
    this.#alignColumns(pipeline);
    for (const column of this.columns) column.clear();
    for (const page of [...columns, ...deeper]) {
      for (const contact of page.contacts) this.contacts.set(contact.id, contact);
      this.column(page.stageId)?.extend(page.contacts.at(-1), page.more);
    }
  }

  /** Applies the next event; returns the contact that it brings into view and that is not held here. */
  apply(event: PipelineEvent): string | undefined {
    if (!this.pipeline) return undefined;
    this.#recent.add(event);
    this.pipeline = applyToPipeline(this.pipeline, event);
    if (event.after.stages) this.#applyStages(this.pipeline);
    for (const id of contactIdsOf(event)) {
      const contact = applyToContact(this.contacts.get(id), event);
      if (contact) this.contacts.set(id, contact);
    }
    return this.#missingFor(event);
  }

  /**
   * New ranks that a page already had when it was read: it was asked for by an old place, so there may be a hole
   * above it.
   */
  leavesHole({ type, seq }: PipelineEvent): boolean {
    return type === "pipeline.reranked" && seq <= this.#readAhead;
  }

  /** An event could not be applied: answers from before it cannot be brought up to now any more. */
  forgetBefore(seq: number): void {
    this.#recent.restart(seq);
  }

  /**
   * Takes contacts that were read as of `seq` and brings them up to now. False when the events since then are
   * forgotten. An answer from ahead is taken as it is: events that are already in a contact change nothing.
   */
  admit(contacts: readonly Contact[], seq: number): boolean {
    const later = this.#recent.after(seq);
    if (!later) return false;
    const fresh = new Set<string>();
    for (const contact of contacts) {
      const known = this.contacts.get(contact.id);
      if (known && known.seq >= contact.seq) continue;
      this.contacts.set(contact.id, contact);
      fresh.add(contact.id);
    }
    for (const event of later) {
      for (const id of contactIdsOf(event)) {
        const contact = fresh.has(id) ? applyToContact(this.contacts.get(id), event) : undefined;
        if (contact) this.contacts.set(id, contact);
      }
    }
    return true;
  }

  /**
   * Takes the next page of a column. Returns the contacts that came into its part of the board since the page was
   * read; undefined when the page is of no use any more.
   */
  extend(column: BoardColumn, { contacts, seq, more }: ColumnPageAt): string[] | undefined {
    const later = this.#recent.after(seq);
    // New ranks since then: the place where this page ends is no place any more.
    if (!later || later.some(({ type }) => type === "pipeline.reranked")) return undefined;
    this.admit(contacts, seq);
    this.#readAhead = Math.max(this.#readAhead, seq);
    column.extend(contacts.at(-1), more);
    return later.map((event) => this.#missingFor(event)).filter((id) => id !== undefined);
  }

  /** One column per stage; columns that stay keep their place on the page and its scroll. */
  #alignColumns({ stages }: Pipeline): void {
    const same = stages.length === this.columns.length;
    if (same && stages.every(({ id }, index) => this.columns[index]?.stageId === id)) return;
    this.columns = stages.map(({ id }) => this.column(id) ?? new BoardColumn(id));
  }

  #applyStages(pipeline: Pipeline): void {
    const known = new Set(this.columns);
    this.#alignColumns(pipeline);
    // A stage that was just made holds nobody: whoever enters it comes as an event.
    for (const column of this.columns) if (!known.has(column)) column.extend(undefined, false);
  }

  #missingFor({ type, contactId, after }: PipelineEvent): string | undefined {
    if (contactId === null || after.rank === undefined || this.contacts.has(contactId)) return undefined;
    const place = { id: contactId, rank: after.rank };
    const comesIntoView =
      type === "contact.stage_changed"
        ? this.column(after.stageId)?.covers(place)
        : // A new place does not name its stage: any that is loaded that far may be the one.
          this.columns.some((column) => column.covers(place));
    return comesIntoView ? contactId : undefined;
  }
}

export function contactIdsOf(event: PipelineEvent): string[] {
  return event.contactId === null ? Object.keys(event.after.ranks ?? {}) : [event.contactId];
}
