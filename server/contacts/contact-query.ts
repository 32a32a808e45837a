import type { ContactFilter, ContactSort, DateField } from "@dmtracker/shared/contracts/filter.ts";
import type { SortKey } from "@dmtracker/shared/pipeline/contact-order.ts";
import { spanOf } from "@dmtracker/shared/pipeline/date-range.ts";
import { quietSince, type FilterMoment } from "@dmtracker/shared/pipeline/filter.ts";
import { rangeOfPrefix, searchWordsOf } from "@dmtracker/shared/pipeline/search-terms.ts";
import mongoose, { type QueryFilter } from "mongoose";
import type { ContactRecord } from "./contact.model.ts";

type Condition = QueryFilter<ContactRecord>;

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);

/** One value is an equality, which an index serves together with an order; several are a list. */
const isOneOf = <T>(values: readonly T[]): T | { $in: T[] } | undefined =>
  values.length === 1 ? values[0] : { $in: [...values] };

const DATE_PATH = {
  created: "createdAt",
  last_message: "lastMessageAt",
  status_changed: "statusChangedAt",
} as const satisfies Record<DateField, keyof ContactRecord>;

const TAG_OPERATOR = { any: "$in", all: "$all", none: "$nin" } as const;

/** Both ends must be met by the same word, hence `$elemMatch`. */
function beginsWith(word: string): Condition {
  const { from, before } = rangeOfPrefix(word);
  return { searchTerms: { $elemMatch: { $gte: from, $lt: before } } };
}

/** The kind is named for the index, which knows only those. */
export const parkedAt = (now: Date | string) => ({
  "parked.until": { $gt: new Date(now), $type: "date" as const },
});

/** Not parked, or past the moment until which it was. */
export const awakeAt = (now: Date | string) => ({ "parked.until": { $not: { $gt: new Date(now) } } });

/** A filter as the database understands it: it finds what `matchesFilter` says [FI1]. */
export function toQuery(filter: ContactFilter, { now, timeZone }: FilterMoment): Condition[] {
  const { leadStatus, stageId, conversationStatus, tags, assigneeId, source, date, search } = filter;
  const { parked, quietDays } = filter;
  const conditions: Condition[] = [];
  if (leadStatus) conditions.push({ leadStatus: isOneOf(leadStatus) });
  if (stageId) conditions.push({ stageId: isOneOf(stageId.map(toObjectId)) });
  if (conversationStatus) {
    const values = conversationStatus.map((status) => (status === "none" ? null : status));
    conditions.push({ conversationStatus: isOneOf(values) });
  }
  if (assigneeId) {
    const values = assigneeId.map((id) => (id === "nobody" ? null : toObjectId(id)));
    conditions.push({ assigneeId: isOneOf(values) });
  }
  if (source) conditions.push({ source: isOneOf(source) });
  if (tags) conditions.push({ tagIds: { [TAG_OPERATOR[tags.mode]]: tags.ids.map(toObjectId) } });
  if (parked !== undefined) conditions.push(parked ? parkedAt(now) : awakeAt(now));
  if (quietDays !== undefined) {
    conditions.push(awakeAt(now), { lastActivityAt: { $lte: new Date(quietSince(quietDays, now)) } });
  }
  if (date) {
    const { from, until } = spanOf(date, now, timeZone);
    const range = {
      ...(from === -Infinity ? {} : { $gte: new Date(from) }),
      ...(until === Infinity ? {} : { $lt: new Date(until) }),
    };
    conditions.push({ [DATE_PATH[date.field]]: range });
  }
  if (search !== undefined) {
    const words = searchWordsOf(search);
    conditions.push(...(words.length > 0 ? words.map(beginsWith) : [{ _id: { $in: [] } }]));
  }
  return conditions;
}

export type ListOrder = { by: ContactSort; direction: "asc" | "desc" };
export const BOARD_ORDER = { by: "rank", direction: "asc" } as const;
/** What contacts can be read in the order of: a list's, or the board's. */
export type ContactOrder = ListOrder | typeof BOARD_ORDER;
/** The last contact of the page before. */
export type PlaceInOrder = { key: SortKey; id: string };

const ORDER_PATH = {
  last_activity: "lastActivityAt",
  last_message: "lastMessageAt",
  created: "createdAt",
  value: "value",
  username: "username",
  status_changed: "statusChangedAt",
  follow_up: "followUp.dueAt",
  rank: "rank",
} as const satisfies Record<ContactOrder["by"], keyof ContactRecord | "followUp.dueAt">;

const MOMENTS: ReadonlySet<string> = new Set([
  "lastActivityAt",
  "lastMessageAt",
  "createdAt",
  "statusChangedAt",
  "followUp.dueAt",
]);

export function toSort({ by, direction }: ContactOrder): Record<string, 1 | -1> {
  const sign = direction === "asc" ? 1 : -1;
  return { [ORDER_PATH[by]]: by === "follow_up" ? (-sign as 1 | -1) : sign, _id: sign };
}

/**
 * Parts of an order that are read one after the other. What is due sooner stands higher, so its order runs against
 * its moments; the database would put contacts without a follow-up at the wrong end [FI6].
 */
export function partsOf({ by, direction }: ContactOrder): Condition[] {
  if (by !== "follow_up") return [{}];
  const [planned, none] = [{ "followUp.dueAt": { $ne: null } }, { "followUp.dueAt": null }];
  return direction === "desc" ? [planned, none] : [none, planned];
}

/** What comes after a place. Comparisons find values of the same kind only, so null is named where it follows. */
export function afterPlace({ by, direction }: ContactOrder, { key, id }: PlaceInOrder): Condition {
  const path = ORDER_PATH[by];
  const isUp = direction === "asc";
  const isAgainst = by === "follow_up";
  const value = key !== null && MOMENTS.has(path) ? new Date(isAgainst ? -Number(key) : key) : key;
  const tie = { [path]: value, _id: { [isUp ? "$gt" : "$lt"]: toObjectId(id) } };
  if (value === null) return isUp ? { $or: [tie, { [path]: { $ne: null } }] } : tie;
  const beyond = { [path]: { [isUp === isAgainst ? "$lt" : "$gt"]: value } };
  return { $or: isUp ? [tie, beyond] : [tie, beyond, { [path]: null }] };
}
