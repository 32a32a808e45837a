import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { ContactSort, SortDirection, type ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { Id } from "@dmtracker/shared/contracts/primitives.ts";
import { z } from "zod";
import type { AppContext } from "#server/app-context.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { findMatching } from "./find-matching.ts";

export type ListContactsInput = {
  organizationId: string;
  pipelineId: string;
  filter: ContactFilter;
  sort: ContactSort;
  direction: SortDirection;
  limit: number;
  cursor?: string | undefined;
};

/** The order of the list and the last contact of a page; opaque to callers. */
const Cursor = z.tuple([
  ContactSort,
  SortDirection,
  z.union([z.number(), z.string().max(512), z.null()]),
  Id,
]);
type Cursor = z.infer<typeof Cursor>;

const NUMBERS_ONLY: ReadonlySet<ContactSort> = new Set([
  "last_activity",
  "last_message",
  "created",
  "status_changed",
  "value",
  "follow_up",
]);

const MAX_MOMENT_MS = 8.64e15;

function readCursor(text: string, { sort, direction }: ListContactsInput): { key: Cursor[2]; id: string } {
  const unreadable = () => invalidField("cursor", "must be the `next` of an earlier page");
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    throw unreadable();
  }
  const cursor = Cursor.safeParse(json);
  if (!cursor.success) throw unreadable();
  const [ofSort, ofDirection, key, id] = cursor.data;
  if (ofSort !== sort || ofDirection !== direction) {
    throw invalidField("cursor", "belongs to a list in another order");
  }
  const isOfItsKind = key === null || NUMBERS_ONLY.has(sort) === (typeof key === "number");
  if (!isOfItsKind || (typeof key === "number" && Math.abs(key) > MAX_MOMENT_MS)) throw unreadable();
  return { key, id };
}

const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

/** One page of the contacts that match a filter, with the totals of all that match. */
export async function listContacts(app: AppContext, input: ListContactsInput): Promise<ContactListPage> {
  const { organizationId, pipelineId, filter, sort, direction, limit, cursor } = input;
  const after = cursor === undefined ? undefined : readCursor(cursor, input);
  const matching = await findMatching(app, organizationId, pipelineId, filter);
  const { contacts, more, end } = await matching.page({ order: { by: sort, direction }, after, limit });
  const totals = Object.values(matching.totals);
  return {
    contacts,
    next: more && end ? writeCursor([sort, direction, end.key, end.id]) : null,
    total: totals.reduce((sum, { count }) => sum + count, 0),
    total_value: totals.reduce((sum, { value }) => sum + value, 0),
    by_stage: matching.totals,
    seq: matching.pipeline.seq,
  };
}
