import type { Contact, Parked } from "@dmtracker/shared/contracts/contact.ts";
import { isParked, wakesAt } from "@dmtracker/shared/pipeline/parking.ts";
import { addDays, dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { DayQuestion } from "./day-question.svelte.ts";
import { dayWords } from "./due-words.ts";

export type ParkPreset = { label: string; hint: string; until: string };

/** How long one leaves somebody alone when one does not name a day. */
export function parkPresets(now: number, timeZone: string): ParkPreset[] {
  const today = dayOf(now, timeZone);
  return [
    { label: "For a week", days: 7 },
    { label: "For two weeks", days: 14 },
    { label: "For a month", days: 30 },
    { label: "For three months", days: 91 },
  ].map(({ label, days }) => {
    const day = addDays(today, days);
    return { label, hint: dayWords(day), until: wakesAt(day, timeZone) };
  });
}

type Asked = { who: string; timeZone: string; current?: Parked | null };

/** Asks until which day and why; undefined when one thinks better of it. */
export async function askParkedUntil(
  question: DayQuestion,
  { who, timeZone, current = null }: Asked,
): Promise<Parked | undefined> {
  const planned = await question.askParking(who, current);
  return planned && { until: wakesAt(planned.day, timeZone), reason: planned.note };
}

/** Asks and parks the contact. False when one thinks better of it. */
export async function askAndPark(question: DayQuestion, board: Board, contact: Contact): Promise<boolean> {
  const { timeZone } = board.settings;
  const current = isParked(contact, Date.now()) ? contact.parked : null;
  const parked = await askParkedUntil(question, { who: `@${contact.username}`, timeZone, current });
  if (parked) board.change(contact.id, { parked });
  return parked !== undefined;
}
