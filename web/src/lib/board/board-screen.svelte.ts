/* eslint-disable svelte/prefer-svelte-reactivity -- look-ups are made anew, never changed */
import type { BulkChange } from "@dmtracker/shared/contracts/bulk.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import { createContext } from "svelte";
import type { Outcome, OutcomeQuestion } from "#lib/contact/outcome-question.svelte.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import { outcomeOf } from "#lib/state/outcome.ts";
import { Clock } from "#lib/ui/clock.svelte.ts";
import { BoardDrag } from "./board-drag.svelte.ts";
import { BoardMotion } from "./board-motion.svelte.ts";
import { BOARD_HEADER, isInFirstView } from "./card-geometry.ts";
import { CardMenuState } from "./card-menus.svelte.ts";
import { Pace } from "./keep-place.svelte.ts";

/** What the parts of one open board share: the state, the card in the air, the card with the focus. */
export class BoardScreen {
  readonly board: Board;
  readonly drag: BoardDrag;
  readonly motion: BoardMotion;
  readonly clock = new Clock(30_000);
  /** The card that has or had the focus last. */
  focusedId = $state<string>();
  /**
   * What all columns have in height, in pixels. Until the browser has laid out the page: as much as there can be, for
   * to ask each column would make it lay out the page once per column.
   */
  stripHeight = $state(innerHeight - BOARD_HEADER);
  /** The one card that the Tab key reaches. */
  readonly tabStop: string | undefined = $derived.by(() => {
    const contact = this.focusedId === undefined ? undefined : this.board.contact(this.focusedId);
    const column = this.board.columns.find(({ stageId }) => stageId === contact?.stageId);
    if (contact && column?.covers(contact)) return contact.id;
    return this.board.columns.find(({ contacts }) => contacts.length > 0)?.contacts[0]?.id;
  });
  readonly menus = new CardMenuState();
  readonly pace = new Pace();
  /** Cards that are to be changed together (board-selection.ts). */
  chosen: ReadonlySet<string> = $state.raw(new Set());
  /** Where a range begins. */
  anchor: string | undefined;
  /** Changes what is chosen; there as soon as the bar is. */
  changeChosen: ((change: BulkChange) => void) | undefined;
  readonly #question: OutcomeQuestion;
  readonly #members: ReadonlyMap<string, Member> = $derived.by(
    () => new Map(this.board.members.map((member) => [member.id, member])),
  );
  readonly #tags: ReadonlyMap<string, Tag> = $derived.by(
    () => new Map(this.board.tags.map((tag) => [tag.id, tag])),
  );

  constructor(board: Board, question: OutcomeQuestion) {
    this.board = board;
    this.#question = question;
    this.motion = new BoardMotion(board);
    this.drag = new BoardDrag(
      board,
      () => this.chosen,
      (contactId, change, by) => this.#drop(contactId, change, by),
    );
  }

  member(id: string | null): Member | undefined {
    return id === null ? undefined : this.#members.get(id);
  }

  tag(id: string): Tag | undefined {
    return this.#tags.get(id);
  }

  /** A chosen card takes the others along, as one act. */
  #drop(contactId: string, change: ContactChange, by: "mouse" | "touch" | "keyboard"): void {
    const contact = this.board.contact(contactId);
    if (contact && this.changeChosen && this.chosen.size > 1 && this.chosen.has(contactId)) {
      const { stageId = contact.stageId, after, before } = change;
      this.changeChosen({ stageId, after, before });
    } else void this.change(contactId, change, by === "keyboard" ? "fly" : "stand");
  }

  /** Whether a column can be seen before anybody has scrolled the strip. */
  isInView(stageId: string): boolean {
    const place = this.board.columns.findIndex((column) => column.stageId === stageId);
    return isInFirstView(place, innerWidth);
  }

  unchoose(): void {
    this.chosen = new Set();
    this.anchor = undefined;
  }

  /** Changes a contact; whatever leads to Won or Lost asks for its words first. */
  async change(contactId: string, change: ContactChange, look: "fly" | "stand" = "fly"): Promise<void> {
    const contact = this.board.contact(contactId);
    const { pipeline } = this.board;
    if (!contact || !pipeline) return;
    const outcome = outcomeOf(pipeline, contact, change);
    const who = `@${contact.username}`;
    const words = outcome ? await this.#question.ask(outcome, { who, value: contact.value }) : {};
    if (!words) return;
    const apply = () => this.board.change(contactId, { ...change, ...words });
    if (look === "stand") this.motion.without(contactId, apply);
    else apply();
  }

  /** From the status menu, which has asked already. */
  setStatus(contactId: string, status: LeadStatus, outcome: Outcome): void {
    this.board.change(contactId, { status, ...outcome });
  }

  moveToStage(contactId: string, stageId: string): void {
    void this.change(contactId, { stageId });
  }

  close(): void {
    this.drag.cancel();
    this.motion.stop();
  }
}

export const [getBoardScreen, setBoardScreen] = createContext<BoardScreen>();
