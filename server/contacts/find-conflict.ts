import { WRITTEN_FIELD, type ConflictField } from "@dmtracker/shared/contracts/conflict-fields.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Touched } from "./contact.model.ts";

/**
 * The first field of a change that someone else has changed since the caller last saw the contact [CC3]. Whole
 * contacts are never compared: two people who edit different fields both keep their work, and one's own earlier
 * save is no conflict (frappe/crm#2210).
 */
export function findConflict(
  change: ContactChange,
  touched: Touched,
  seenVersion: number | undefined,
  actorId: string | null,
): { name: ConflictField; by: string; at: string | null } | undefined {
  if (seenVersion === undefined) return undefined;
  for (const name of Object.keys(WRITTEN_FIELD) as ConflictField[]) {
    if (change[name] === undefined) continue;
    const last = touched[WRITTEN_FIELD[name]];
    if (last && last.version > seenVersion && last.by !== actorId)
      return { name, by: last.name, at: last.at ?? null };
  }
  return undefined;
}
