import { createContext, tick } from "svelte";
import type { Board } from "#lib/state/board.svelte.ts";
import { GROUPS, type DueContact, type FollowUps } from "#lib/state/follow-ups.svelte.ts";
import type { Clock } from "#lib/ui/clock.svelte.ts";
import type { DayQuestion } from "./day-question.svelte.ts";
import { planDay } from "./plan-day.ts";

const rowLink = (id: string) => document.querySelector<HTMLElement>(`[data-follow-up-link="${id}"]`);

/** What the parts of the page share: the row with the focus, open menus, and the acts. */
export class FollowUpsScreen {
  readonly board: Board;
  readonly list: FollowUps;
  readonly clock: Clock;
  readonly #question: DayQuestion;
  focusedId = $state<string>();
  snoozeMenuOf = $state<string>();
  assigneeMenuOf = $state<string>();

  readonly order: readonly string[] = $derived.by(() =>
    GROUPS.flatMap((group) => this.list.groups[group].map(({ id }) => id)),
  );
  /** The one row that the Tab key reaches. */
  readonly tabStop: string | undefined = $derived.by(() =>
    this.focusedId !== undefined && this.order.includes(this.focusedId) ? this.focusedId : this.order[0],
  );

  constructor(board: Board, list: FollowUps, clock: Clock, question: DayQuestion) {
    this.board = board;
    this.list = list;
    this.clock = clock;
    this.#question = question;
  }

  complete(contact: DueContact): void {
    const { id } = contact;
    this.#goOn(id, () => this.board.change(id, { followUp: { act: "complete" } }));
  }

  snooze(contact: DueContact, until: string): void {
    this.#goOn(contact.id, () => this.board.change(contact.id, { followUp: { act: "snooze", until } }));
  }

  remove(contact: DueContact): void {
    this.#goOn(contact.id, () => this.board.change(contact.id, { followUp: null }));
  }

  assign(contact: DueContact, assigneeId: string | null): void {
    this.#goOn(contact.id, () => this.board.change(contact.id, { assigneeId }), true);
  }

  async plan(contact: DueContact): Promise<void> {
    const next = this.#neighbour(contact.id);
    if (await planDay(this.#question, this.board, contact)) this.focus(next);
  }

  /** A menu of the row was left without a choice: the row has the focus again, not the button that nobody pressed. */
  closeMenus(id: string): void {
    this.snoozeMenuOf = undefined;
    this.assigneeMenuOf = undefined;
    if (this.focusedId === id) this.focus(id);
  }

  move(step: 1 | -1): void {
    const at = this.order.indexOf(this.focusedId ?? "");
    const id = this.order[at < 0 ? 0 : Math.max(0, Math.min(this.order.length - 1, at + step))];
    // At once: the next key may be Enter.
    if (id !== undefined) rowLink(id)?.focus();
  }

  #neighbour(id: string): string | undefined {
    const at = this.order.indexOf(id);
    return this.order[at + 1] ?? this.order[at - 1];
  }

  /** The work goes on in the next row; a row that stays where it is keeps the focus when `mayStay`. */
  #goOn(id: string, act: () => void, mayStay = false): void {
    const next = this.#neighbour(id);
    act();
    this.focus(mayStay && this.order.includes(id) ? id : next);
  }

  focus(id: string | undefined): void {
    this.focusedId = id;
    if (id === undefined) return;
    // After the page has changed, and after a menu that closes has given the focus back.
    void tick().then(() => setTimeout(() => this.focusedId === id && rowLink(id)?.focus()));
  }
}

export const [getFollowUpsScreen, setFollowUpsScreen] = createContext<FollowUpsScreen>();
