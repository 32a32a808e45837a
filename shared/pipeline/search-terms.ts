import type { Contact } from "../contracts/contact.ts";

type Searched = Pick<Contact, "username" | "displayName" | "email" | "phone">;

/** Upper bound of a range of texts with one beginning, so no term may hold it. */
const HIGHEST = "\u{10ffff}";

/** As people type it: no case, no accents. */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\p{M}\u{10ffff}]/gu, "")
    .toLowerCase();
}

/** Words as they were written, without an opening `@`, `+` or bracket; then `anna-lena` is one word. */
function writtenWords(text: string): string[] {
  return fold(text)
    .split(/\s+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}]+/u, ""))
    .filter((word) => word !== "");
}

/**
 * The words that a contact is found by, each once: those written and the parts between their punctuation, so that
 * `@kim.fit` is found by `kim.f` and by `fit`; a phone number is one word as well, however it was grouped.
 */
export function searchTermsOf({ username, displayName, email, phone }: Searched): string[] {
  const written = [username, displayName, email, phone].flatMap((text) => writtenWords(text ?? ""));
  const parts = written.flatMap((word) => word.split(/[^\p{L}\p{N}]+/u)).filter((part) => part !== "");
  const digits = fold(phone ?? "").replace(/\D/g, "");
  return [...new Set([...written, ...parts, ...(digits === "" ? [] : [digits])])];
}

/** The words of a query. Each must be the beginning of one of the contact's. */
export function searchWordsOf(query: string): string[] {
  return [...new Set(writtenWords(query))];
}

/** Where a text with this beginning lies in the order of texts: from the beginning itself up to the bound. */
export function rangeOfPrefix(prefix: string): { from: string; before: string } {
  return { from: prefix, before: prefix + HIGHEST };
}
