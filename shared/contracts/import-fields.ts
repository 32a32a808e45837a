// Apart from the schemas, so that a page can know the fields without loading a validator.

/** What a column of a CSV file may be read as. */
export const IMPORT_FIELDS = [
  "username",
  "displayName",
  "email",
  "phone",
  "value",
  "tags",
  "stage",
  "status",
  "lostReason",
  "notes",
  "manychatId",
] as const;

export type ImportField = (typeof IMPORT_FIELDS)[number];

export const IMPORT_FIELD_LABEL: Record<ImportField, string> = {
  username: "Username",
  displayName: "Display name",
  email: "E-mail",
  phone: "Phone",
  value: "Deal value",
  tags: "Tags",
  stage: "Stage",
  status: "Lead status",
  lostReason: "Lost reason",
  notes: "Notes",
  manychatId: "ManyChat ID",
};

export const MAX_IMPORT_ROWS = 50_000;
export const MAX_IMPORT_BYTES = 32 * 1024 * 1024;
export const MAX_IMPORT_COLUMNS = 100;
/** Rows that a check shows one by one; the rest is counted. */
export const IMPORT_ROWS_SHOWN = 20;
/** Problems that a check tells at once; all of them are in the file to download. */
export const IMPORT_PROBLEMS_SHOWN = 50;

/** The number of a column, from 0, for each field that is taken from the file. */
export type ImportMapping = Partial<Record<ImportField, number>>;
