import {
  CONTACT_COLUMNS,
  DEFAULT_COLUMNS,
  type ContactColumn,
} from "@dmtracker/shared/contracts/contact-columns.ts";
import type { ContactSort } from "@dmtracker/shared/contracts/filter.ts";

export type Column = {
  id: ContactColumn;
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

const COLUMN: Record<ContactColumn, Omit<Column, "id">> = {
  status: { label: "Lead Status", least: 6.5 },
  conversation: { label: "Conversation Status", least: 8.5 },
  stage: { label: "Stage", least: 8.5, grows: 0.7 },
  followUp: { label: "Follow-up", least: 6.5, sort: "follow_up" },
  tags: { label: "Tags", least: 8, grows: 0.8 },
  assignee: { label: "Assignee", least: 7.5 },
  value: { label: "Value", least: 5.5, sort: "value", isNumber: true },
  lastMessage: { label: "Last message", least: 10, grows: 2, sort: "last_message" },
  lastActivity: { label: "No activity for", least: 7.5, sort: "last_activity" },
  created: { label: "Created", least: 6.5, sort: "created" },
};

const track = ({ least, grows }: Pick<Column, "least" | "grows">) =>
  grows === undefined ? `${least}rem` : `minmax(${least}rem, ${grows}fr)`;

type Remembered = { shown: ContactColumn[]; hidden: ContactColumn[] };

const KEY = "contacts:columns";
const isColumn = (name: unknown): name is ContactColumn => CONTACT_COLUMNS.includes(name as ContactColumn);

/** Both are remembered, what is shown and what is not: a column that is new since then shows itself. */
function recall(userId: string): readonly ContactColumn[] {
  try {
    const text = localStorage.getItem(`${KEY}:${userId}`);
    const { shown, hidden } = JSON.parse(text ?? "{}") as Partial<Remembered>;
    const known = (Array.isArray(shown) ? shown : []).filter(isColumn);
    const left = Array.isArray(hidden) ? hidden : [];
    return [...known, ...DEFAULT_COLUMNS.filter((id) => !known.includes(id) && !left.includes(id))];
  } catch {
    return DEFAULT_COLUMNS;
  }
}

/** Where an address, perhaps that of a saved view, names the columns. */
export type NamedColumns = {
  readonly columns: readonly ContactColumn[] | undefined;
  arrange(columns: readonly ContactColumn[]): void;
};

/** Which columns a list shows, and in which order: as its address says, else as the person has chosen before. */
export class ListColumns {
  #own = $state.raw<readonly ContactColumn[]>([]);
  readonly #userId: string;
  readonly #named: NamedColumns;
  readonly ids: readonly ContactColumn[] = $derived.by(() => this.#named.columns ?? this.#own);
  readonly shown: readonly Column[] = $derived(this.ids.map((id) => ({ id, ...COLUMN[id] })));
  /** All of them, what is shown first and in its order. */
  readonly choices: readonly Column[] = $derived(
    [...this.ids, ...CONTACT_COLUMNS.filter((id) => !this.ids.includes(id))].map((id) => ({
      id,
      ...COLUMN[id],
    })),
  );
  /** The columns as tracks of a CSS grid. */
  readonly template: string = $derived(
    [`${CHECKBOX_REM}rem`, track(CONTACT), ...this.shown.map(track)].join(" "),
  );
  /** Below this the table scrolls sideways. */
  readonly leastRem: number = $derived(
    this.shown.reduce((sum, { least }) => sum + least, CHECKBOX_REM + CONTACT.least),
  );

  constructor(userId: string, named: NamedColumns) {
    this.#userId = userId;
    this.#named = named;
    this.#own = recall(userId);
  }

  isShown(id: ContactColumn): boolean {
    return this.ids.includes(id);
  }

  toggle(id: ContactColumn): void {
    this.#set(this.isShown(id) ? this.ids.filter((one) => one !== id) : [...this.ids, id]);
  }

  /** One place to the left or to the right. */
  move(id: ContactColumn, by: 1 | -1): void {
    const at = this.ids.indexOf(id);
    const neighbour = this.ids[at + by];
    if (at < 0 || neighbour === undefined) return;
    this.#set(this.ids.with(at, neighbour).with(at + by, id));
  }

  #set(ids: readonly ContactColumn[]): void {
    if (this.#named.columns) return this.#named.arrange(ids);
    this.#own = ids;
    try {
      const hidden = CONTACT_COLUMNS.filter((id) => !ids.includes(id));
      localStorage.setItem(`${KEY}:${this.#userId}`, JSON.stringify({ shown: ids, hidden }));
    } catch {
      // Storage is closed to this page: the choice holds until it is left.
    }
  }
}
