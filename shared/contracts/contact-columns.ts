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
  "created",
] as const;

export type ContactColumn = (typeof CONTACT_COLUMNS)[number];
