import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter, ContactSort, DateField } from "@dmtracker/shared/contracts/filter.ts";
import { isActivity } from "@dmtracker/shared/pipeline/apply-event.ts";

const DATE_FIELD: Record<DateField, keyof Contact> = {
  created: "createdAt",
  last_message: "lastMessage",
  status_changed: "statusChangedAt",
};

const SORT_FIELD: Record<ContactSort, keyof Contact> = {
  last_activity: "lastActivityAt",
  last_message: "lastMessage",
  created: "createdAt",
  value: "value",
  username: "username",
  status_changed: "statusChangedAt",
  follow_up: "followUp",
};

const SEARCHED = ["username", "displayName", "email", "phone"] as const;

/** The fields that decide whether a contact passes a filter. */
export function filteredFields(filter: ContactFilter): ReadonlySet<keyof Contact> {
  const fields: (keyof Contact)[] = [];
  if (filter.leadStatus) fields.push("leadStatus");
  if (filter.stageId) fields.push("stageId");
  if (filter.conversationStatus) fields.push("conversationStatus");
  if (filter.tags) fields.push("tagIds");
  if (filter.assigneeId) fields.push("assigneeId");
  if (filter.date) fields.push(DATE_FIELD[filter.date.field]);
  if (filter.parked !== undefined) fields.push("parked");
  if (filter.quietDays) fields.push("lastActivityAt", "parked");
  if (filter.search) fields.push(...SEARCHED);
  return new Set(fields);
}

export function sortedField(sort: ContactSort): keyof Contact {
  return SORT_FIELD[sort];
}

/** Events with which a contact is there that was not, or is there no more: whatever counts contacts has changed. */
export const comesOrGoes = ({ type }: PipelineEvent): boolean =>
  type === "contact.created" || type === "contact.removed" || type === "contact.restored";

/** Does an event change one of these fields of its contact? Who comes or goes does so with all of them. */
export function touches(event: PipelineEvent, fields: ReadonlySet<keyof Contact>): boolean {
  if (comesOrGoes(event)) return true;
  if (fields.has("lastActivityAt") && isActivity(event.type)) return true;
  return Object.keys(event.after).some((field) => fields.has(field as keyof Contact));
}

/** Does what an event says rule out that its contact passes now? Then nobody has to ask how the rest looks. */
export function rulesOut(event: PipelineEvent, filter: ContactFilter): boolean {
  const { leadStatus, stageId, assigneeId, conversationStatus } = event.after;
  return (
    event.type === "contact.removed" ||
    (leadStatus !== undefined && filter.leadStatus?.includes(leadStatus) === false) ||
    (stageId !== undefined && filter.stageId?.includes(stageId) === false) ||
    (assigneeId !== undefined && filter.assigneeId?.includes(assigneeId ?? "nobody") === false) ||
    (conversationStatus !== undefined &&
      filter.conversationStatus?.includes(conversationStatus ?? "none") === false)
  );
}

/** Filters that contacts enter and leave by the mere passing of time. */
export function movesWithTime({ date, parked, quietDays }: ContactFilter): boolean {
  return parked !== undefined || quietDays !== undefined || (date !== undefined && "range" in date);
}

/** Filters that contacts nobody holds here fall into without any event. */
export const movesIn = ({ quietDays }: ContactFilter): boolean => quietDays !== undefined;
