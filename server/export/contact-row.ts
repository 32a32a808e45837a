import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { CONVERSATION_STATUS_LABEL, LEAD_STATUS_LABEL } from "@dmtracker/shared/contracts/labels.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Cell } from "#server/platform/csv-answer.ts";

export type RowNames = { stages: readonly Stage[]; members: readonly Member[]; tags: readonly Tag[] };

/** Every column of an exported list; those that an import reads have the names that it knows. */
const COLUMNS: Record<string, (contact: Contact, names: RowNames) => Cell> = {
  Username: ({ username }) => username,
  "Display name": ({ displayName }) => displayName,
  "E-mail": ({ email }) => email,
  Phone: ({ phone }) => phone,
  "Deal value": ({ value }) => value,
  Tags: ({ tagIds }, { tags }) =>
    tagIds.flatMap((id) => tags.find((tag) => tag.id === id)?.name ?? []).join("; "),
  Stage: ({ stageId }, { stages }) => stages.find(({ id }) => id === stageId)?.name ?? null,
  "Lead status": ({ leadStatus }) => LEAD_STATUS_LABEL[leadStatus],
  "Lost reason": ({ lostReason }) => lostReason,
  "Conversation status": ({ conversationStatus }) =>
    conversationStatus && CONVERSATION_STATUS_LABEL[conversationStatus],
  Assignee: ({ assigneeId }, { members }) => members.find(({ id }) => id === assigneeId)?.name ?? null,
  Source: ({ source }) => source,
  "ManyChat ID": ({ manychatId }) => manychatId,
  "Instagram ID": ({ igId }) => igId,
  "Last message": ({ lastMessage }) => lastMessage?.text ?? null,
  "Last message direction": ({ lastMessage }) => lastMessage?.direction ?? null,
  "Last message at": ({ lastMessage }) => lastMessage?.at ?? null,
  "Follow-up due": ({ followUp }) => followUp?.dueAt ?? null,
  "Follow-up note": ({ followUp }) => followUp?.note ?? null,
  "Parked until": ({ parked }) => parked?.until ?? null,
  "Created at": ({ createdAt }) => createdAt,
  "In stage since": ({ stageEnteredAt }) => stageEnteredAt,
  "Status changed at": ({ statusChangedAt }) => statusChangedAt,
  "Last activity at": ({ lastActivityAt }) => lastActivityAt,
  "Contact ID": ({ id }) => id,
};

export const CONTACT_CSV_COLUMNS = Object.keys(COLUMNS);

export const toContactRow = (contact: Contact, names: RowNames): Cell[] =>
  Object.values(COLUMNS).map((read) => read(contact, names));
