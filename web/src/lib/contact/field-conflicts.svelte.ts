import { WRITTEN_FIELD, type ConflictField } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { Contact, FollowUp, Parked } from "@dmtracker/shared/contracts/contact.ts";
import { LEAD_STATUS_LABEL } from "@dmtracker/shared/contracts/labels.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { formatValue } from "@dmtracker/shared/pipeline/money.ts";
import { dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import { createContext } from "svelte";
import { dayWords } from "#lib/follow-ups/due-words.ts";
import type { Board } from "#lib/state/board.svelte.ts";

export type { ConflictField };

/** Three values of one field in words, and who stands behind the other one. */
export type ShownConflict = {
  field: ConflictField;
  yours: string;
  theirs: string;
  /** undefined: it was never seen. */
  original: string | undefined;
  by: string;
  at: string | null;
};

const EMPTY = "empty";

type Names = Pick<Board, "pipeline" | "members" | "settings">;

/** A value of a field as a person reads it; of a change to a follow-up what it wants. */
export function valueWords(field: ConflictField, value: unknown, names: Names): string {
  const { timeZone } = names.settings;
  const day = (at: string) => dayWords(dayOf(at, timeZone));
  if (value === null || value === undefined || value === "") return field === "assigneeId" ? "Nobody" : EMPTY;
  if (field === "status") return LEAD_STATUS_LABEL[value as LeadStatus];
  if (field === "stageId")
    return names.pipeline?.stages.find(({ id }) => id === value)?.name ?? "a deleted stage";
  if (field === "assigneeId") return names.members.find(({ id }) => id === value)?.name ?? "a former member";
  if (field === "value") return formatValue(value as number);
  if (field === "parked") return `until ${day((value as Parked).until)}`;
  if (field === "followUp") {
    const wish = value as Partial<FollowUp> & { act?: string; until?: string };
    if (wish.act === "complete") return "completed";
    if (wish.act === "restart") return "now, from the beginning";
    return day(wish.until ?? wish.dueAt ?? "");
  }
  return value as string;
}

/** What others have made of the fields of the contact that is open, and the way out of each. */
export class FieldConflicts {
  readonly #board: Board;
  readonly #contactId: string;
  readonly #history: { readonly events: readonly PipelineEvent[] };

  constructor(board: Board, contactId: string, history: { readonly events: readonly PipelineEvent[] }) {
    this.#board = board;
    this.#contactId = contactId;
    this.#history = history;
  }

  get any(): boolean {
    return this.#board.conflicts.of(this.#contactId).length > 0;
  }

  of(field: ConflictField): ShownConflict | undefined {
    const conflict = this.#board.conflicts.of(this.#contactId).find((one) => one.field === field);
    if (!conflict) return undefined;
    const { change, original, by, at } = conflict;
    const last = this.lastChange(field);
    const words = (value: unknown) => valueWords(field, value, this.#board);
    return {
      field,
      yours: words(change[field]),
      theirs: words(this.#contact()?.[WRITTEN_FIELD[field]]),
      original: original === undefined ? undefined : words(original),
      by: last?.by ?? by,
      at: last?.at ?? at,
    };
  }

  /** Who has changed a field last, as far as the history is loaded. */
  lastChange(field: ConflictField): { by: string; at: string } | undefined {
    const name = WRITTEN_FIELD[field];
    const event = this.#history.events.find(({ after }) => after[name] !== undefined);
    return event && { by: (event.cause?.actor ?? event.actor).name, at: event.at };
  }

  takeMine(field: ConflictField): void {
    const conflict = this.#board.conflicts.of(this.#contactId).find((one) => one.field === field);
    if (conflict) this.#board.change(this.#contactId, conflict.change);
  }

  keepTheirs(field: ConflictField): void {
    this.#board.dismissConflict(this.#contactId, field);
  }

  /** What one had written, to go on from it. */
  mineAsText(field: ConflictField): string {
    const mine = this.#board.conflicts.of(this.#contactId).find((one) => one.field === field)?.change[field];
    return typeof mine === "string" || typeof mine === "number" ? String(mine) : "";
  }

  #contact(): Contact | undefined {
    return this.#board.contact(this.#contactId);
  }
}

export const [getFieldConflicts, setFieldConflicts] = createContext<FieldConflicts>();
