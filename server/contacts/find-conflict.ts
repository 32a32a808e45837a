import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Touched } from "./contact.model.ts";

/** Which contact field each named change writes; additions (tags, notes, messages) cannot conflict. */
const WRITES = {
  stageId: "stageId",
  status: "leadStatus",
  lostReason: "lostReason",
  value: "value",
  username: "username",
  displayName: "displayName",
  email: "email",
  phone: "phone",
  manychatId: "manychatId",
  igId: "igId",
  assigneeId: "assigneeId",
  followUp: "followUp",
  parked: "parked",
} as const satisfies Partial<Record<keyof ContactChange, keyof Contact>>;

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
): { name: keyof ContactChange; by: string } | undefined {
  if (seenVersion === undefined) return undefined;
  for (const [name, field] of Object.entries(WRITES)) {
    if (change[name as keyof typeof WRITES] === undefined) continue;
    const last = touched[field];
    if (last && last.version > seenVersion && last.by !== actorId)
      return { name: name as keyof ContactChange, by: last.name };
  }
  return undefined;
}
