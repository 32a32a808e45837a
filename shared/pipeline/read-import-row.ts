import type { z } from "zod";
import {
  DealValue,
  DisplayName,
  Email,
  LostReason,
  ManychatId,
  MAX_NOTE_LENGTH,
  Phone,
  Username,
} from "../contracts/contact.ts";
import {
  IMPORT_FIELDS,
  IMPORT_FIELD_LABEL,
  type ImportField,
  type ImportMapping,
} from "../contracts/import-fields.ts";
import type { RowProblem } from "../contracts/imports.ts";
import { LeadStatus } from "../contracts/lead-status.ts";
import { MAX_TAGS } from "../contracts/limits.ts";
import type { Stage } from "../contracts/pipeline.ts";
import { TagName } from "../contracts/tag-name.ts";
import { readCell } from "./csv-words.ts";

export type RawRow = { row: number; cells: readonly string[] };

/** What a row says about its contact; what it leaves empty is absent and stays as it is. */
export type ImportRow = {
  username: string;
  displayName?: string;
  email?: string;
  phone?: string;
  value?: number;
  tags?: string[];
  stageId?: string;
  status?: LeadStatus;
  lostReason?: string;
  notes?: string;
  manychatId?: string;
};

export type ReadRow = { ok: true; row: ImportRow } | { ok: false; username: string; problems: RowProblem[] };

const CURRENCY = /[\s\u00a0'’]|[\p{Sc}]|\b(?:usd|eur|gbp|chf|inr|aud|cad)\b/giu;
const PLAIN_NUMBER = /^\d+(?:\.\d{1,2})?$/;

/**
 * An amount as people write it: `1,200`, `1.200,50`, `€ 1 200`. A sign with exactly three digits behind it separates
 * thousands, because cents have two digits.
 */
export function readAmount(text: string): number | undefined {
  const digits = text.replaceAll(CURRENCY, "");
  if (!/^[\d.,]+$/.test(digits)) return undefined;
  const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
  const isThousands = last >= 0 && digits.length - last - 1 === 3;
  const whole = last < 0 || isThousands ? digits : digits.slice(0, last);
  const groups = whole.split(/[.,]/);
  const grouped = groups.slice(1).every((group) => group.length === 3);
  const signs = new Set(whole.replaceAll(/\d/g, ""));
  const decimalSign = last >= 0 && !isThousands ? digits[last] : undefined;
  if (!grouped || signs.size > 1 || (decimalSign && signs.has(decimalSign))) return undefined;
  const cents = decimalSign ? digits.slice(last + 1) : "";
  const number = cents ? `${groups.join("")}.${cents}` : groups.join("");
  return PLAIN_NUMBER.test(number) ? Number(number) : undefined;
}

type Read<T> = { value: T } | { reason: string };

function bySchema<T>(schema: z.ZodType<T>, input: unknown): Read<T> {
  const parsed = schema.safeParse(input);
  return parsed.success
    ? { value: parsed.data }
    : { reason: parsed.error.issues[0]?.message ?? "is not valid" };
}

function readStage(text: string, stages: readonly Stage[]): Read<string> {
  const wanted = text.toLowerCase();
  const stage = stages.find(({ name }) => name.toLowerCase() === wanted);
  if (stage) return { value: stage.id };
  return { reason: `is no stage. The stages are: ${stages.map(({ name }) => name).join(", ")}` };
}

function readTags(text: string): Read<string[]> {
  const names = [...new Set(text.split(/[,;|]/).map((name) => name.trim()))].filter((name) => name !== "");
  const wrong = names.find((name) => !TagName.safeParse(name).success);
  if (wrong !== undefined)
    return { reason: `the tag "${wrong.slice(0, 50)}" is too long: 40 characters at most` };
  return names.length > MAX_TAGS ? { reason: `names more than ${MAX_TAGS} tags` } : { value: names };
}

function readValue(text: string): Read<number> {
  const amount = readAmount(text);
  return amount === undefined
    ? { reason: `"${text.slice(0, 40)}" is no amount` }
    : bySchema(DealValue, amount);
}

function readStatus(text: string): Read<LeadStatus> {
  const status = LeadStatus.safeParse(text.toLowerCase());
  return status.success
    ? { value: status.data }
    : { reason: `must be one of: ${LeadStatus.options.join(", ")}` };
}

function readNotes(text: string): Read<string> {
  if (text.length <= MAX_NOTE_LENGTH) return { value: text };
  return { reason: `must have at most ${MAX_NOTE_LENGTH} characters` };
}

type Readers = { [Field in ImportField]: (text: string, stages: readonly Stage[]) => Read<unknown> };

const READERS: Readers = {
  username: (text) => bySchema(Username, text),
  displayName: (text) => bySchema(DisplayName, text),
  email: (text) => bySchema(Email, text),
  phone: (text) => bySchema(Phone, text),
  value: readValue,
  tags: readTags,
  stage: readStage,
  status: readStatus,
  lostReason: (text) => bySchema(LostReason, text),
  notes: readNotes,
  manychatId: (text) => bySchema(ManychatId, text),
};

/** The contact that a row describes, or everything that is wrong with it. */
export function readImportRow(
  { row, cells }: RawRow,
  mapping: ImportMapping,
  stages: readonly Stage[],
): ReadRow {
  const problems: RowProblem[] = [];
  const read: Record<string, unknown> = {};
  for (const field of IMPORT_FIELDS) {
    const column = mapping[field];
    const text = column === undefined ? "" : readCell(cells[column] ?? "");
    if (text === "") {
      if (field === "username")
        problems.push({ row, field: IMPORT_FIELD_LABEL.username, reason: "is empty" });
      continue;
    }
    const found = READERS[field](text, stages);
    if ("reason" in found) problems.push({ row, field: IMPORT_FIELD_LABEL[field], reason: found.reason });
    else read[field === "stage" ? "stageId" : field] = found.value;
  }
  const username = readCell(cells[mapping.username ?? 0] ?? "")
    .replace(/^@+/, "")
    .slice(0, 60);
  return problems.length > 0 ? { ok: false, username, problems } : { ok: true, row: read as ImportRow };
}
