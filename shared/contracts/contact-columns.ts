// Apart from the schemas, so that a page can know the columns without loading a validator.

/** Columns of the contact list that can be chosen and ordered; the contact itself stands before all of them. */
export const CONTACT_COLUMNS = [
  "status",
  "conversation",
  "stage",
  "followUp",
  "tags",
  "assignee",
  "value",
  "lastMessage",
  "lastActivity",
  "created",
] as const;

/** What a list shows to who has chosen nothing: the last message says most of what the last activity would. */
export const DEFAULT_COLUMNS = CONTACT_COLUMNS.filter((column) => column !== "lastActivity");

export type ContactColumn = (typeof CONTACT_COLUMNS)[number];
