/* eslint-disable svelte/prefer-svelte-reactivity -- look-ups are made anew, never changed */
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

/** What the parts of one open board share: the state, the card in the air, the card with the focus. */
export class BoardScreen {
  readonly board: Board;
  readonly drag: BoardDrag;
  readonly motion: BoardMotion;
  readonly clock = new Clock(30_000);
  /** The card that has or had the focus last. */
  focusedId = $state<string>();
  /** The one card that the Tab key reaches. */
  readonly tabStop: string | undefined = $derived.by(() => {
    const contact = this.focusedId === undefined ? undefined : this.board.contact(this.focusedId);
    const column = this.board.columns.find(({ stageId }) => stageId === contact?.stageId);
    if (contact && column?.covers(contact)) return contact.id;
    return this.board.columns.find(({ contacts }) => contacts.length > 0)?.contacts[0]?.id;
  });
  /** The card whose status menu a key has opened. */
  statusMenuOf = $state<string>();
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
      (contactId, change, by) => void this.change(contactId, change, by === "keyboard" ? "fly" : "stand"),
    );
  }

  member(id: string | null): Member | undefined {
    return id === null ? undefined : this.#members.get(id);
  }

  tag(id: string): Tag | undefined {
    return this.#tags.get(id);
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
