import { tick } from "svelte";
import { actOf, STATUS_OF, type KeyAct } from "#lib/keys/key-map.ts";
import type { Move } from "#lib/state/board-news.ts";
import { gapOf, type Gap } from "./board-drag.svelte.ts";
import type { BoardScreen } from "./board-screen.svelte.ts";

type Words = { say(text: string): void; show(gap: Gap): void };

/** Everything that the keyboard does on a board: walking, lifting, dropping, setting a status. */
export class BoardKeys {
  readonly #screen: BoardScreen;
  readonly #words: Words;

  constructor(screen: BoardScreen, words: Words) {
    this.#screen = screen;
    this.#words = words;
  }

  /** True when the key was one of the board's. */
  press(event: KeyboardEvent): boolean {
    const id = (event.target as Element).closest<HTMLElement>("[data-card-link]")?.dataset.cardLink;
    if (!id || event.metaKey || event.ctrlKey || event.altKey) return false;
    const { lifted } = this.#screen.drag;
    if (lifted)
      return lifted.by === "keyboard" ? this.#steer(event.key, lifted.contactId) : event.key === " ";
    return this.#walk(actOf(event, "Pipeline", "Contact", "Walk"), id);
  }

  #walk(act: KeyAct | undefined, id: string): boolean {
    const contact = this.#screen.board.contact(id);
    if (!contact || !act) return false;
    const status = STATUS_OF[act];
    if (status) void this.#screen.change(id, { status });
    else if (act === "lift") this.#lift(id);
    else if (act === "choose") void this.choose(id, false);
    else if (act === "status") void this.#screen.menus.show("status", id);
    else return this.#go(act, contact.stageId, id);
    return true;
  }

  #go(act: KeyAct, stageId: string, id: string): boolean {
    const { board, drag } = this.#screen;
    const list = drag.list(stageId);
    const index = list.findIndex((contact) => contact.id === id);
    const last = list.length - 1;
    const rows: Partial<Record<KeyAct, number>> = { previous: index - 1, next: index + 1, first: 0, last };
    const row = rows[act];
    if (row !== undefined) {
      this.#focusAt(stageId, Math.max(0, Math.min(last, row)));
      return true;
    }
    const step = act === "right" ? 1 : act === "left" ? -1 : 0;
    if (step === 0) return false;
    // Empty columns hold nothing to stand on: walk past them.
    let at = board.columns.findIndex((column) => column.stageId === stageId) + step;
    while (board.columns[at]?.contacts.length === 0) at += step;
    const column = board.columns[at];
    if (column) this.#focusAt(column.stageId, Math.min(index, column.contacts.length - 1));
    return true;
  }

  #focusAt(stageId: string, index: number): void {
    const contact = this.#screen.drag.list(stageId)[index];
    if (!contact) return;
    this.#words.show({ stageId, gap: index });
    this.focus(contact.id);
  }

  /** Puts the focus on a card, wherever it stands. */
  focusCard(contactId: string): void {
    const contact = this.#screen.board.contact(contactId);
    const index = contact
      ? this.#screen.drag.list(contact.stageId).findIndex(({ id }) => id === contactId)
      : -1;
    if (contact && index >= 0) this.#focusAt(contact.stageId, index);
  }

  focus(contactId: string): void {
    this.#screen.focusedId = contactId;
    void tick().then(() =>
      document.querySelector<HTMLElement>(`[data-card-link="${contactId}"]`)?.focus({ preventScroll: true }),
    );
  }

  /** A card that moves takes its focus along, whoever moved it. Asked before the page follows the state. */
  follow(moves: readonly Move[]): void {
    const id = document.activeElement?.closest<HTMLElement>("[data-card]")?.dataset.card;
    if (id && moves.some(({ contactId }) => contactId === id)) this.focus(id);
  }

  /** One card more or less, or all up to this one. Its code comes when somebody chooses. */
  async choose(id: string, asRange: boolean): Promise<void> {
    const { choose } = await import("./board-selection.ts");
    choose(this.#screen, id, asRange);
    const { chosen } = this.#screen;
    this.#words.say(`${chosen.has(id) ? "Selected" : "Not selected"}. ${chosen.size} in all.`);
  }

  #lift(id: string): void {
    const { drag } = this.#screen;
    drag.lift(id, "keyboard");
    this.#words.say(
      `Lifted${drag.along.size > 1 ? ` ${drag.along.size} cards` : ""}. ${this.#place()} Arrows move, Space drops, Escape cancels.`,
    );
  }

  #steer(key: string, contactId: string): boolean {
    const { drag, board } = this.#screen;
    if (key === "Escape") {
      drag.cancel();
      this.#words.say("Cancelled. The card is back in its place.");
      return true;
    }
    if (key === " " || key === "Enter") {
      const place = this.#place();
      drag.drop();
      this.#words.say(`Dropped. ${place}`);
      this.focus(contactId);
      return true;
    }
    const at = this.#position();
    if (!at) return false;
    const columns = board.columns.map(({ stageId }) => stageId);
    const column = columns.indexOf(at.stageId);
    const steps: Record<string, [number, number]> = {
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      Home: [0, -Infinity],
      End: [0, Infinity],
    };
    const step = steps[key];
    // Tab would leave a card hanging in the air.
    if (!step) return key === "Tab";
    const stageId = columns[Math.max(0, Math.min(columns.length - 1, column + step[0]))] as string;
    this.#aim(stageId, at.position + step[1]);
    this.#words.say(this.#place());
    return true;
  }

  /** Positions count the other cards only: every step is one that can be seen. */
  #position(): { stageId: string; position: number; others: number; own: number } | undefined {
    const { lifted, target } = this.#screen.drag;
    if (!lifted || !target) return undefined;
    const list = this.#screen.drag.list(target.stageId);
    const own = list.findIndex(({ id }) => id === lifted.contactId);
    const position = own >= 0 && target.gap > own ? target.gap - 1 : target.gap;
    return { stageId: target.stageId, position, others: list.length - (own >= 0 ? 1 : 0), own };
  }

  #aim(stageId: string, wanted: number): void {
    const { drag } = this.#screen;
    const list = drag.list(stageId);
    const own = list.findIndex(({ id }) => id === drag.lifted?.contactId);
    const position = Math.max(0, Math.min(own < 0 ? list.length : list.length - 1, wanted));
    const gap = { stageId, gap: own < 0 ? position : gapOf(position, own) };
    drag.aim(gap);
    this.#words.show(gap);
  }

  #place(): string {
    const at = this.#position();
    const { board } = this.#screen;
    const stage = board.pipeline?.stages.find(({ id }) => id === at?.stageId);
    if (!at || !stage) return "";
    const { lifted } = this.#screen.drag;
    const here = board.contact(lifted?.contactId ?? "")?.stageId === at.stageId ? 0 : 1;
    const count = (board.totals.get(at.stageId)?.count ?? at.others) + here;
    return `${stage.name}, position ${at.position + 1} of ${count}.`;
  }
}
