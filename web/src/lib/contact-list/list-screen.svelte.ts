/* eslint-disable svelte/prefer-svelte-reactivity -- look-ups are made anew, never changed */
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { createContext } from "svelte";
import type { Outcome, OutcomeQuestion } from "#lib/contact/outcome-question.svelte.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { ContactList } from "#lib/state/contact-list.svelte.ts";
import { outcomeOf } from "#lib/state/outcome.ts";
import { Clock } from "#lib/ui/clock.svelte.ts";
import { ListColumns, type NamedColumns } from "./list-columns.svelte.ts";
import { ListSelection } from "./list-selection.svelte.ts";

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
  readonly #question: OutcomeQuestion;
  readonly #members: ReadonlyMap<string, Member> = $derived.by(
    () => new Map(this.board.members.map((member) => [member.id, member])),
  );
  readonly #tags: ReadonlyMap<string, Tag> = $derived.by(
    () => new Map(this.board.tags.map((tag) => [tag.id, tag])),
  );
  readonly #stages: ReadonlyMap<string, Stage> = $derived.by(
    () => new Map(this.board.pipeline?.stages.map((stage) => [stage.id, stage])),
  );

  constructor(board: Board, list: ContactList, question: OutcomeQuestion, columns: NamedColumns) {
    this.board = board;
    this.list = list;
    this.#question = question;
    this.columns = new ListColumns(board.me.id ?? "", columns);
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

  /** Changes contacts, one or many; whatever leads one of them to Won or Lost asks for its words first, once. */
  async change(contactIds: readonly string[], change: ContactChange): Promise<void> {
    const { pipeline } = this.board;
    const contacts = contactIds.map((id) => this.board.contact(id)).filter((one) => one !== undefined);
    const [first] = contacts;
    if (!pipeline || !first) return;
    const outcomes = new Map(contacts.map((contact) => [contact.id, outcomeOf(pipeline, contact, change)]));
    const outcome = [...outcomes.values()].find((one) => one !== undefined);
    const subject =
      contacts.length === 1
        ? { who: `@${first.username}`, value: first.value }
        : { who: `${contacts.length} contacts` };
    const words = outcome ? await this.#question.ask(outcome, subject) : {};
    if (!words) return;
    for (const { id } of contacts)
      this.board.change(id, outcomes.get(id) === outcome ? { ...change, ...words } : change);
  }

  /** From the status menu, which has asked already. */
  setStatus(contact: Contact, status: LeadStatus, outcome: Outcome): void {
    this.board.change(contact.id, { status, ...outcome });
  }
}

export const [getListScreen, setListScreen] = createContext<ListScreen>();
