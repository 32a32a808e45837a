import { IMPORT_FIELDS, type ImportField, type ImportMapping } from "../contracts/import-fields.ts";

/** Names that other products give to such a column, in lower case without spaces and signs; the best one first. */
const KNOWN_AS: Record<ImportField, readonly string[]> = {
  username: [
    "username",
    "instagramusername",
    "iguser",
    "igusername",
    "instagramhandle",
    "handle",
    "instagram",
    "ighandle",
    "ig",
    "user",
    "contact",
    "benutzername",
  ],
  displayName: ["displayname", "fullname", "name", "contactname", "leadname", "firstname", "vorname"],
  email: ["email", "emailaddress", "mail"],
  phone: ["phone", "phonenumber", "mobile", "mobilephone", "whatsapp", "telephone", "tel", "telefon"],
  value: ["value", "dealvalue", "amount", "dealamount", "price", "revenue", "wert"],
  tags: ["tags", "tag", "labels", "label", "segments"],
  stage: ["stage", "pipelinestage", "dealstage", "column", "phase"],
  status: ["leadstatus", "status", "outcome", "state"],
  lostReason: ["lostreason", "reasonlost", "reason", "lossreason", "closedlostreason"],
  notes: ["notes", "note", "comment", "comments", "description", "notiz", "notizen"],
  manychatId: ["manychatid", "subscriberid", "manychatsubscriberid", "manychatcontactid", "contactid"],
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");

/** The columns of a file that are likely meant, by their names. Each column is taken once. */
export function guessMapping(columns: readonly string[]): ImportMapping {
  const names = columns.map(plain);
  const taken = new Set<number>();
  const mapping: ImportMapping = {};
  for (const field of IMPORT_FIELDS) {
    const known = KNOWN_AS[field];
    const found = known.map((name) => names.findIndex((one, at) => one === name && !taken.has(at)));
    const column = found.find((at) => at >= 0);
    if (column === undefined) continue;
    taken.add(column);
    mapping[field] = column;
  }
  return mapping;
}
