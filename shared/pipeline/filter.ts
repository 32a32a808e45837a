import type { Contact } from "../contracts/contact.ts";
import type { ContactFilter, DateField } from "../contracts/filter.ts";
import { spanOf } from "./date-range.ts";
import { searchTermsOf, searchWordsOf } from "./search-terms.ts";

const DAY_MS = 86_400_000;

/** What a filter means depends on the day: now, and where the organization's days begin. */
export type FilterMoment = { now: Date | string; timeZone: string };

/** All that a filter asks of a contact. Moments are milliseconds. */
export type FilterFacts = Pick<
  Contact,
  "leadStatus" | "stageId" | "conversationStatus" | "tagIds" | "assigneeId" | "source"
> & {
  /** No filter finds it, not even the empty one [RM1]. */
  isRemoved: boolean;
  createdAt: number;
  /** null: no message yet, which lies in no range of dates. */
  lastMessageAt: number | null;
  statusChangedAt: number;
  lastActivityAt: number;
  /** null: not parked. */
  parkedUntil: number | null;
  /** The words it is found by, each behind a line break: a word that begins one is a text that is in here. */
  searchText: string;
};

const FACT_OF_DATE = {
  created: "createdAt",
  last_message: "lastMessageAt",
  status_changed: "statusChangedAt",
} as const satisfies Record<DateField, keyof FilterFacts>;

/** Contacts were quiet for N days when nothing happened to them after this moment. */
export function quietSince(quietDays: number, now: Date | string): number {
  return new Date(now).getTime() - quietDays * DAY_MS;
}

/** No word holds white space, so a line break is always the beginning of one. */
export const searchTextOf = (terms: readonly string[]): string => terms.map((term) => `\n${term}`).join("");

/** What a filter asks of a contact; the words that it is found by only when something is searched. */
export function factsOf(contact: Contact, isSearched: boolean): FilterFacts {
  const { leadStatus, stageId, conversationStatus, tagIds, assigneeId, source, lastMessage } = contact;
  return {
    isRemoved: contact.removed !== null,
    leadStatus,
    stageId,
    conversationStatus,
    tagIds,
    assigneeId,
    source,
    createdAt: Date.parse(contact.createdAt),
    lastMessageAt: lastMessage && Date.parse(lastMessage.at),
    statusChangedAt: Date.parse(contact.statusChangedAt),
    lastActivityAt: Date.parse(contact.lastActivityAt),
    parkedUntil: contact.parked && Date.parse(contact.parked.until),
    searchText: isSearched ? searchTextOf(searchTermsOf(contact)) : "",
  };
}

type Test = (facts: FilterFacts) => boolean;

function testTags({ mode, ids }: NonNullable<ContactFilter["tags"]>): Test {
  switch (mode) {
    case "any":
      return ({ tagIds }) => ids.some((id) => tagIds.includes(id));
    case "all":
      return ({ tagIds }) => ids.every((id) => tagIds.includes(id));
    case "none":
      return ({ tagIds }) => !ids.some((id) => tagIds.includes(id));
  }
}

function testSearch(query: string): Test {
  const words = searchWordsOf(query).map((word) => searchTextOf([word]));
  // A query of nothing but punctuation has no word that any contact begins with.
  if (words.length === 0) return () => false;
  return ({ searchText }) => words.every((word) => searchText.includes(word));
}

/** The filter as one test, for many contacts at one moment. Cheap conditions come first. */
export function compileFilter(filter: ContactFilter, { now, timeZone }: FilterMoment): Test {
  const { leadStatus, stageId, conversationStatus, tags, assigneeId, source, date, search } = filter;
  const { parked, quietDays } = filter;
  const tests: Test[] = [];
  const moment = new Date(now).getTime();
  const isParked: Test = ({ parkedUntil }) => parkedUntil !== null && parkedUntil > moment;
  if (leadStatus) tests.push((facts) => leadStatus.includes(facts.leadStatus));
  if (stageId) tests.push((facts) => stageId.includes(facts.stageId));
  if (conversationStatus)
    tests.push((facts) => conversationStatus.includes(facts.conversationStatus ?? "none"));
  if (assigneeId) tests.push((facts) => assigneeId.includes(facts.assigneeId ?? "nobody"));
  if (source) tests.push((facts) => source.includes(facts.source));
  if (tags) tests.push(testTags(tags));
  if (parked !== undefined) tests.push((facts) => isParked(facts) === parked);
  if (quietDays !== undefined) {
    const since = quietSince(quietDays, now);
    tests.push((facts) => facts.lastActivityAt <= since && !isParked(facts));
  }
  if (date) {
    const { from, until } = spanOf(date, now, timeZone);
    const fact = FACT_OF_DATE[date.field];
    tests.push((facts) => {
      const at = facts[fact];
      return at !== null && at >= from && at < until;
    });
  }
  if (search !== undefined) tests.push(testSearch(search));
  return (facts) => !facts.isRemoved && tests.every((test) => test(facts));
}

/** Whether a contact is in the view. The server's query and the live view in the browser mean the same [FI1]. */
export function matchesFilter(contact: Contact, filter: ContactFilter, moment: FilterMoment): boolean {
  return compileFilter(filter, moment)(factsOf(contact, filter.search !== undefined));
}
