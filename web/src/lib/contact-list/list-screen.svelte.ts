/* eslint-disable svelte/prefer-svelte-reactivity -- look-ups are made anew, never changed */
import type { BulkChange } from "@dmtracker/shared/contracts/bulk.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { formatValue } from "@dmtracker/shared/pipeline/money.ts";
import { createContext } from "svelte";
import type { DayQuestion } from "#lib/follow-ups/day-question.svelte.ts";
import { askParkedUntil } from "#lib/follow-ups/park-contact.ts";
import { changeMany } from "#lib/bulk/change-many.ts";
import { askAndChange } from "#lib/contact/ask-and-change.ts";
import type { Outcome, OutcomeQuestion } from "#lib/contact/outcome-question.svelte.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { ContactList } from "#lib/state/contact-list.svelte.ts";
import type { Workspace } from "#lib/state/workspace.svelte.ts";
import { Clock } from "#lib/ui/clock.svelte.ts";
import { ListColumns, type NamedColumns } from "./list-columns.svelte.ts";
import { ListSelection } from "./list-selection.svelte.ts";

export type ListParts = {
  board: Board;
  list: ContactList;
  question: OutcomeQuestion;
  days: DayQuestion;
  columns: NamedColumns;
  /** Its rows are worked off one after the other. */
  isQueue?: boolean;
};

/** What the parts of the contact list share: the rows, the one with the focus, the chosen ones. */
export class ListScreen {
  readonly board: Board;
  readonly list: ContactList;
  readonly columns: ListColumns;
  readonly selection: ListSelection;
  readonly clock = new Clock(30_000);
  /** The row that has or had the focus last. */
  focusedId = $state<string>();
  /** The one row that the Tab key reaches. */
  readonly tabStop: string | undefined = $derived.by(() => {
    const { rows } = this.list;
    const there = rows.some(({ contact }) => contact.id === this.focusedId);
    return there ? this.focusedId : rows[0]?.contact.id;
  });
  /** The row whose status menu a key has opened. */
  statusMenuOf = $state<string>();
  readonly #workspace: Workspace;
  readonly #question: OutcomeQuestion;
  readonly #days: DayQuestion;
  readonly isQueue: boolean;
  readonly #members: ReadonlyMap<string, Member> = $derived.by(
    () => new Map(this.board.members.map((member) => [member.id, member])),
  );
  readonly #tags: ReadonlyMap<string, Tag> = $derived.by(
    () => new Map(this.board.tags.map((tag) => [tag.id, tag])),
  );
  readonly #stages: ReadonlyMap<string, Stage> = $derived.by(
    () => new Map(this.board.pipeline?.stages.map((stage) => [stage.id, stage])),
  );

  constructor(workspace: Workspace, { board, list, question, days, columns, isQueue }: ListParts) {
    this.#workspace = workspace;
    this.board = board;
    this.list = list;
    this.#question = question;
    this.#days = days;
    this.isQueue = isQueue ?? false;
    this.columns = new ListColumns(board.me.id, columns);
    this.selection = new ListSelection(list);
  }

  member(id: string | null): Member | undefined {
    return id === null ? undefined : this.#members.get(id);
  }

  tag(id: string): Tag | undefined {
    return this.#tags.get(id);
  }

  stage(id: string): Stage | undefined {
    return this.#stages.get(id);
  }

  /** Changes one contact; whatever leads it to Won or Lost asks for its words first. */
  change(contactId: string, change: ContactChange): Promise<void> {
    return askAndChange(this.board, this.#question, contactId, change);
  }

  /** How many are chosen, loaded or not. */
  get chosenCount(): number {
    const { chosen, everything } = this.selection;
    return everything ? (this.list.total?.count ?? chosen.length) : chosen.length;
  }

  /** Parks what is chosen, after asking until when. */
  async parkChosen(): Promise<void> {
    const who = `${formatValue(this.chosenCount)} contacts`;
    const parked = await askParkedUntil(this.#days, { who, timeZone: this.board.settings.timeZone });
    if (parked) await this.changeChosen({ parked });
  }

  /** Changes what is chosen, as one act; the choice has served its purpose then. */
  async changeChosen(change: BulkChange): Promise<void> {
    const { chosen, everything } = this.selection;
    const select = everything ? { filter: this.list.filter } : { contactIds: [...chosen] };
    const count = this.chosenCount;
    const wishes = { board: this.board, select, seen: chosen, count, change };
    if (await changeMany(this.#workspace, this.#question, wishes)) this.selection.clear();
  }

  /** From the status menu, which has asked already. */
  setStatus(contact: Contact, status: LeadStatus, outcome: Outcome): void {
    this.board.change(contact.id, { status, ...outcome });
  }
}

export const [getListScreen, setListScreen] = createContext<ListScreen>();
