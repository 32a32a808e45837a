import type { ContactSort } from "@dmtracker/shared/contracts/filter.ts";

export type ColumnId =
  "status" | "conversation" | "stage" | "tags" | "assignee" | "value" | "lastMessage" | "created";

export type Column = {
  id: ColumnId;
  label: string;
  /** In rem. */
  least: number;
  /** Its share of the room that is left. */
  grows?: number;
  sort?: ContactSort;
  isNumber?: boolean;
};

/** The contact itself comes before all of them and cannot be left out. */
const CONTACT = { least: 12.5, grows: 1.4 };
const CHECKBOX_REM = 2.25;

export const COLUMNS: readonly Column[] = [
  { id: "status", label: "Lead Status", least: 6.5 },
  { id: "conversation", label: "Conversation Status", least: 8.5 },
  { id: "stage", label: "Stage", least: 8.5, grows: 0.7 },
  { id: "tags", label: "Tags", least: 8, grows: 0.8 },
  { id: "assignee", label: "Assignee", least: 7.5 },
  { id: "value", label: "Value", least: 5.5, sort: "value", isNumber: true },
  { id: "lastMessage", label: "Last message", least: 10, grows: 2, sort: "last_message" },
  { id: "created", label: "Created", least: 6.5, sort: "created" },
];

const track = ({ least, grows }: Pick<Column, "least" | "grows">) =>
  grows === undefined ? `${least}rem` : `minmax(${least}rem, ${grows}fr)`;

const KEY = "contacts:hidden-columns";

function recall(userId: string): ColumnId[] {
  try {
    const ids = JSON.parse(localStorage.getItem(`${KEY}:${userId}`) ?? "[]") as unknown;
    if (!Array.isArray(ids)) return [];
    return COLUMNS.map(({ id }) => id).filter((id) => ids.includes(id));
  } catch {
    return [];
  }
}

/** Which columns a person wants to see. What is remembered are the hidden ones: a new column shows itself. */
export class ListColumns {
  #hidden = $state.raw<readonly ColumnId[]>([]);
  readonly #userId: string;
  readonly shown: readonly Column[] = $derived(COLUMNS.filter(({ id }) => !this.#hidden.includes(id)));
  /** The columns as tracks of a CSS grid. */
  readonly template: string = $derived(
    [`${CHECKBOX_REM}rem`, track(CONTACT), ...this.shown.map(track)].join(" "),
  );
  /** Below this the table scrolls sideways. */
  readonly leastRem: number = $derived(
    this.shown.reduce((sum, { least }) => sum + least, CHECKBOX_REM + CONTACT.least),
  );

  constructor(userId: string) {
    this.#userId = userId;
    this.#hidden = recall(userId);
  }

  isShown(id: ColumnId): boolean {
    return !this.#hidden.includes(id);
  }

  toggle(id: ColumnId): void {
    this.#hidden = this.isShown(id) ? [...this.#hidden, id] : this.#hidden.filter((one) => one !== id);
    try {
      localStorage.setItem(`${KEY}:${this.#userId}`, JSON.stringify(this.#hidden));
    } catch {
      // Storage is closed to this page: the choice holds until it is left.
    }
  }
}
