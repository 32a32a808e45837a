import type { Contact, ContactChange } from "../contracts/contact.ts";
import type { DecisionContext, Refusal } from "./decision.ts";
import type { Draft } from "./draft.ts";
import { startOfDay } from "./zoned-days.ts";

/** Parked now. It follows from the moment alone: nobody has to write anything for a contact to be awake [PK2]. */
export function isParked({ parked }: Pick<Contact, "parked">, now: number | string | Date): boolean {
  return parked !== null && Date.parse(parked.until) > new Date(now).getTime();
}

/** Its moment has come and history does not say so yet. */
export function isDueToWake({ parked }: Pick<Contact, "parked">, now: number | string | Date): boolean {
  return parked !== null && Date.parse(parked.until) <= new Date(now).getTime();
}

/** A contact that is parked until a day wakes as that day begins where the organization is. */
export function wakesAt(day: string, timeZone: string): string {
  return new Date(startOfDay(day, timeZone)).toISOString();
}

type ParkingWish = Pick<ContactChange, "parked">;

/** What cannot be parked, and until when not. */
export function checkParking(
  { parked }: ParkingWish,
  statusAfter: Contact["leadStatus"],
  now: string,
): Refusal | undefined {
  if (!parked) return undefined;
  const refuse = (message: string): Refusal => ({ ok: false, code: "invalid", path: "parked", message });
  if (statusAfter !== "open") return refuse("Only an Open contact can be parked");
  if (Date.parse(parked.until) <= Date.parse(now)) return refuse("Park it until a moment that is to come");
  return undefined;
}

/**
 * Parks, parks anew or wakes, as the wish says; a reply wakes as well [PK3]. What is due while a contact is parked
 * is due when it wakes [PK4].
 */
export function park(
  draft: Draft,
  { parked: wish }: ParkingWish,
  hasAnswered: boolean,
  context: DecisionContext,
): boolean {
  const { parked } = draft.contact;
  if (wish) {
    const until = new Date(wish.until).toISOString();
    const next = { until, reason: wish.reason ?? null };
    if (parked?.until === next.until && parked.reason === next.reason) return false;
    draft.add("contact.parked", { parked }, { parked: next });
    return true;
  }
  const wakes = wish === null || hasAnswered;
  if (!parked || !wakes) return false;
  const cause = wish === undefined ? draft.causeOf("contact.message_logged") : null;
  draft.add("contact.woke", { parked }, { parked: null }, { actor: context.actor, cause });
  return true;
}
