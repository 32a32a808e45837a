import type { ContactSource } from "../contracts/contact.ts";
import type { ContactFilter, DateField, DateFilter, DateRange } from "../contracts/filter.ts";
import { CONVERSATION_STATUS_LABEL, LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import {
  FIRST_DAY,
  LAST_DAY,
  MAX_FILTER_VALUES,
  MAX_QUIET_DAYS,
  MAX_SEARCH_LENGTH,
} from "../contracts/limits.ts";

// A filter as people see it in the address bar and as programs send it. Free of validators: pages read it too.

/** A part of a query that says nothing a filter could be made of. */
export type Dropped = { key: string; value: string; message: string };

const DATE_FIELDS = { created: 1, last_message: 1, status_changed: 1 } satisfies Record<DateField, 1>;
const DATE_RANGES = { today: 1, this_week: 1, this_month: 1, last_30_days: 1 } satisfies Record<DateRange, 1>;
const SOURCES = { user: 1, api: 1, import: 1, demo: 1 } satisfies Record<ContactSource, 1>;
const CONVERSATIONS = { ...CONVERSATION_STATUS_LABEL, none: "" };
const TAG_MODES = { any: 1, all: 1, none: 1 };

/** The words that a part of the address may use. */
export const FILTER_KEYS = [
  "status",
  "stage",
  "conversation",
  "tags",
  "assignee",
  "source",
  "date",
  "parked",
  "quiet",
  "q",
] as const;
type FilterKey = (typeof FILTER_KEYS)[number];

const isOneOf = <T extends string>(table: Record<T, unknown>, value: string): value is T =>
  Object.hasOwn(table, value);
const isId = (value: string): boolean => /^[0-9a-f]{24}$/.test(value);
const namesOf = (table: object): string => Object.keys(table).join(", ");

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text < FIRST_DAY || text > LAST_DAY) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  // JavaScript reads 31 February as a day in March.
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

function dateText(date: DateFilter): string {
  return `${date.field}:${"range" in date ? date.range : `${date.from ?? ""}..${date.to ?? ""}`}`;
}

/** A filter as the query of an address: `status=open,won&date=created:this_month&q=kim`. */
export function filterToQuery(filter: ContactFilter): URLSearchParams {
  const { tags, date, quietDays } = filter;
  const parts: Record<FilterKey, string | undefined> = {
    status: filter.leadStatus?.join(","),
    stage: filter.stageId?.join(","),
    conversation: filter.conversationStatus?.join(","),
    tags: tags && `${tags.mode}:${tags.ids.join(",")}`,
    assignee: filter.assigneeId?.join(","),
    source: filter.source?.join(","),
    date: date && dateText(date),
    parked: filter.parked === undefined ? undefined : filter.parked ? "yes" : "no",
    quiet: quietDays?.toString(),
    q: filter.search,
  };
  const query = new URLSearchParams();
  for (const key of FILTER_KEYS) if (parts[key] !== undefined) query.set(key, parts[key]);
  return query;
}

/** A query as text that people can read: commas and colons need no escape there. */
export function queryText(query: URLSearchParams): string {
  return query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** Reads one query; what it cannot read is noted and left out. */
class QueryReader {
  readonly dropped: Dropped[] = [];
  readonly #query: URLSearchParams;

  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  drop(key: string, value: string, message: string): undefined {
    this.dropped.push({ key, value, message });
    return undefined;
  }

  /** The one value of a key; of several the last one counts. */
  one(key: FilterKey): string | undefined {
    const [value, ...others] = this.#query.getAll(key).reverse();
    for (const other of others) this.drop(key, other, "is given more than once");
    return value;
  }

  #listOf<T extends string>(
    key: FilterKey,
    values: string[],
    isKnown: (value: string) => value is T,
    allowed: string,
  ) {
    const known: T[] = [];
    for (const value of new Set(values)) {
      if (!isKnown(value)) this.drop(key, value, `must be ${allowed}`);
      else if (known.length === MAX_FILTER_VALUES) this.drop(key, value, "is one value too many");
      else known.push(value);
    }
    return known.length > 0 ? known : undefined;
  }

  list<T extends string>(key: FilterKey, isKnown: (value: string) => value is T, allowed: string) {
    const values = this.#query.getAll(key).flatMap((value) => value.split(","));
    return this.#listOf(key, values, isKnown, allowed);
  }

  tags(): ContactFilter["tags"] {
    const text = this.one("tags");
    if (text === undefined) return undefined;
    const [mode = "", ...rest] = text.split(":");
    if (!isOneOf(TAG_MODES, mode) || rest.length !== 1)
      return this.drop("tags", text, "must be any:, all: or none: and ids of tags");
    const ids = this.#listOf(
      "tags",
      rest.join().split(","),
      (id): id is string => isId(id),
      "the id of a tag",
    );
    return ids && { mode, ids };
  }

  date(): DateFilter | undefined {
    const text = this.one("date");
    if (text === undefined) return undefined;
    const [field = "", range = "", ...more] = text.split(":");
    const [from, to, ...others] = range.split("..");
    if (isOneOf(DATE_FIELDS, field) && more.length === 0) {
      if (isOneOf(DATE_RANGES, range)) return { field, range };
      const isRead =
        to !== undefined &&
        others.length === 0 &&
        range !== ".." &&
        [from, to].every((day) => !day || isDay(day)) &&
        (!from || !to || from <= to);
      if (isRead) return { field, ...(from ? { from } : {}), ...(to ? { to } : {}) };
    }
    const ranges = `${namesOf(DATE_RANGES)}, or two days as 2026-11-01..2026-11-30`;
    return this.drop("date", text, `must be one of ${namesOf(DATE_FIELDS)}, then a colon, then ${ranges}`);
  }

  parked(): boolean | undefined {
    const text = this.one("parked");
    if (text === undefined) return undefined;
    if (text === "yes" || text === "no") return text === "yes";
    return this.drop("parked", text, "must be yes or no");
  }

  quietDays(): number | undefined {
    const text = this.one("quiet");
    if (text === undefined) return undefined;
    const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (days >= 1 && days <= MAX_QUIET_DAYS) return days;
    return this.drop("quiet", text, `must be a whole number of days from 1 to ${MAX_QUIET_DAYS}`);
  }

  search(): string | undefined {
    const text = this.one("q")?.trim();
    if (text === undefined) return undefined;
    if (text !== "" && text.length <= MAX_SEARCH_LENGTH) return text;
    return this.drop("q", text, `must have 1 to ${MAX_SEARCH_LENGTH} characters`);
  }
}

/**
 * The filter that a query means. Addresses are typed and old ones are kept, so what cannot be read is left out and
 * named in `dropped`; it never throws. Keys of `others` belong to somebody else.
 */
export function filterFromQuery(
  query: URLSearchParams,
  others: readonly string[] = [],
): { filter: ContactFilter; dropped: Dropped[] } {
  const reader = new QueryReader(query);
  const known: readonly string[] = [...FILTER_KEYS, ...others];
  for (const [key, value] of query)
    if (!known.includes(key)) reader.drop(key, value, "is not a known filter");
  const parts: { [Name in keyof ContactFilter]: ContactFilter[Name] | undefined } = {
    leadStatus: reader.list(
      "status",
      (value) => isOneOf(LEAD_STATUS_LABEL, value),
      namesOf(LEAD_STATUS_LABEL),
    ),
    stageId: reader.list("stage", (value): value is string => isId(value), "the id of a stage"),
    conversationStatus: reader.list(
      "conversation",
      (value) => isOneOf(CONVERSATIONS, value),
      namesOf(CONVERSATIONS),
    ),
    tags: reader.tags(),
    assigneeId: reader.list(
      "assignee",
      (value): value is string => value === "nobody" || isId(value),
      "the id of a member, or nobody",
    ),
    source: reader.list("source", (value) => isOneOf(SOURCES, value), namesOf(SOURCES)),
    date: reader.date(),
    parked: reader.parked(),
    quietDays: reader.quietDays(),
    search: reader.search(),
  };
  const given = Object.entries(parts).filter(([, value]) => value !== undefined);
  return { filter: Object.fromEntries(given), dropped: reader.dropped };
}
