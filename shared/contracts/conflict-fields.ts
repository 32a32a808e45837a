import type { Contact, ContactChange } from "./contact.ts";

// Free of validators: pages know which fields two people can disagree about.

/** Which contact field each named change writes; additions (tags, notes, messages) cannot conflict. */
export const WRITTEN_FIELD = {
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

/** A part of a change that somebody else may have made otherwise meanwhile. */
export type ConflictField = keyof typeof WRITTEN_FIELD;
