import { ago, date, dayName } from "#lib/contact/moments.ts";

/** "4 min ago", "yesterday", "on 3 Nov 2026". */
function when(at: string, now: number): string {
  const day = dayName(at, now);
  if (day === "Today") return ago(at, now);
  return day === "Yesterday" ? "yesterday" : `on ${date(at)}`;
}

export function usedWords(lastUsedAt: string | null, now: number): string {
  return lastUsedAt === null ? "never used" : `used ${when(lastUsedAt, now)}`;
}

export function madeWords(
  { createdAt, createdBy }: { createdAt: string; createdBy: string | null },
  now: number,
): string {
  return `Made ${createdBy === null ? "" : `by ${createdBy} `}${when(createdAt, now)}`;
}
