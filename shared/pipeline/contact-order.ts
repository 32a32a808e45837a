import type { Contact } from "../contracts/contact.ts";
import type { ContactSort, SortDirection } from "../contracts/filter.ts";

/** What a list is ordered by: moments as milliseconds, null (no message, no value) below everything. */
export type SortKey = number | string | null;

export function sortKeyOf(contact: Contact, sort: ContactSort): SortKey {
  switch (sort) {
    case "last_activity":
      return Date.parse(contact.lastActivityAt);
    case "last_message":
      return contact.lastMessage && Date.parse(contact.lastMessage.at);
    case "created":
      return Date.parse(contact.createdAt);
    case "status_changed":
      return Date.parse(contact.statusChangedAt);
    // The sooner it is due, the higher it stands.
    case "follow_up":
      return contact.followUp && -Date.parse(contact.followUp.dueAt);
    case "value":
      return contact.value;
    case "username":
      return contact.username;
  }
}

/** Texts by code point, as databases do: JavaScript's own order differs beyond the basic plane. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

export function compareSortKeys(a: SortKey, b: SortKey): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  return Number(a) - Number(b);
}

type Placed = { key: SortKey; id: string };

/** Ties break by id, in the same direction: every contact has one place. */
export function comparePlaced(direction: SortDirection): (a: Placed, b: Placed) => number {
  const sign = direction === "asc" ? 1 : -1;
  return (a, b) => sign * (compareSortKeys(a.key, b.key) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** The order of a contact list, the same in the browser and in the server's pages. */
export function compareContacts(
  sort: ContactSort,
  direction: SortDirection,
): (a: Contact, b: Contact) => number {
  const compare = comparePlaced(direction);
  return (a, b) => compare({ key: sortKeyOf(a, sort), id: a.id }, { key: sortKeyOf(b, sort), id: b.id });
}
