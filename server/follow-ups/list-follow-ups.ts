import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { toQuery } from "#server/contacts/contact-query.ts";
import type { FollowUpGroup, FollowUpsPage, FollowUpsQuery } from "@dmtracker/shared/contracts/follow-ups.ts";
import { rangeOf } from "@dmtracker/shared/pipeline/follow-ups.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findHeads } from "#server/pipeline/pipeline.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { countDue, countParked, findDue, type DuePlace } from "./follow-up.store.ts";

const GROUPS: readonly FollowUpGroup[] = ["overdue", "today", "upcoming"];

const writeCursor = ({ dueAt, id }: DuePlace): string =>
  Buffer.from(`${Date.parse(dueAt)} ${id}`).toString("base64url");

function readCursor(cursor: string): DuePlace {
  const [, dueAt, id] = /^(\d{1,15}) ([0-9a-f]{24})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (!dueAt || !id) throw invalidField("cursor", "must be the `next` of the page before");
  return { dueAt: new Date(Number(dueAt)).toISOString(), id };
}

/**
 * One page of what is due, and how much there is in each group. The head is read first: a page may already hold
 * newer contacts, which carry their own `seq`; nothing up to the answered one is missing.
 */
export async function listFollowUps(
  app: AppContext,
  organizationId: string,
  { group, filter, pipeline_id: named, cursor, limit }: FollowUpsQuery & { filter: ContactFilter },
): Promise<FollowUpsPage> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const [pipelineId, { timeZone }] = await Promise.all([
    resolvePipelineId(organizationId, named),
    findSettings(organizationId),
  ]);
  const heads = await findHeads([pipelineId]);
  const now = app.now().getTime();
  const moment = { now: new Date(now), timeZone };
  const whose = { pipelineId, conditions: toQuery(filter, moment), now: moment.now };
  const [page, parked, overdue = 0, today = 0, upcoming = 0] = await Promise.all([
    findDue(whose, group ? rangeOf(group, now, timeZone) : {}, { after, limit }),
    countParked(whose),
    ...GROUPS.map((one) => countDue(whose, rangeOf(one, now, timeZone))),
  ]);
  const last = page.contacts.at(-1);
  return {
    contacts: page.contacts,
    next: page.more && last?.followUp ? writeCursor({ dueAt: last.followUp.dueAt, id: last.id }) : null,
    totals: { overdue, today, upcoming },
    parked,
    timeZone,
    seq: heads.get(pipelineId) ?? 0,
  };
}
