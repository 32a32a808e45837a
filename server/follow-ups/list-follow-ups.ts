import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { toQuery } from "#server/contacts/contact-query.ts";
import type { FollowUpGroup, FollowUpsPage, FollowUpsQuery } from "@dmtracker/shared/contracts/follow-ups.ts";
import { rangeOf } from "@dmtracker/shared/pipeline/follow-ups.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findHeads } from "#server/pipeline/pipeline.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { findEnded } from "./ended-cadence.store.ts";
import { countDue, countParked, findDue, type DuePlace } from "./follow-up.store.ts";

/** Nothing is due for those whose cadence is over: their pages go by id alone. */
const NEVER = new Date(0).toISOString();
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
  const [pipelineId, { timeZone, cadence }] = await Promise.all([
    resolvePipelineId(organizationId, named),
    findSettings(organizationId),
  ]);
  const heads = await findHeads([pipelineId]);
  const now = app.now().getTime();
  const moment = { now: new Date(now), timeZone };
  const whose = { pipelineId, conditions: toQuery(filter, moment), now: moment.now };
  const pageOf = (): Promise<{ contacts: Contact[]; more: boolean; count?: number }> =>
    group === "ended"
      ? findEnded(whose, cadence.length, { after: after?.id, limit })
      : findDue(whose, group ? rangeOf(group, now, timeZone) : {}, { after, limit });
  const [page, parked, overdue = 0, today = 0, upcoming = 0] = await Promise.all([
    pageOf(),
    countParked(whose),
    ...GROUPS.map((one) => countDue(whose, rangeOf(one, now, timeZone))),
  ]);
  const last = page.contacts.at(-1);
  return {
    contacts: page.contacts,
    next: page.more && last ? writeCursor({ dueAt: last.followUp?.dueAt ?? NEVER, id: last.id }) : null,
    totals: { overdue, today, upcoming },
    parked,
    ...(page.count !== undefined && { ended: page.count }),
    timeZone,
    seq: heads.get(pipelineId) ?? 0,
  };
}
