import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { ActivityStreamPage } from "@dmtracker/shared/contracts/activity.ts";
import { isLine, type LineFilter } from "@dmtracker/shared/pipeline/activity-kinds.ts";
import { addDays, startOfDay } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMatchingIds } from "#server/contacts/find-matching-ids.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findHeads } from "#server/pipeline/pipeline.store.ts";
import { findLines, findSeqAt, type HistoryOf } from "./activity.store.ts";

/** Lines read at once while looking for those of the contacts that match. */
const STRIDE = 250;
/** Lines that one page looks at before it says how far it has come. */
const MAX_LOOKED_AT = 5_000;
/** So few contacts are asked for their own histories instead. */
const FEW = 40;

export type ActivityWanted = {
  organizationId: string;
  pipelineId: string;
  /** One contact's history, which lies in that pipeline. */
  contactId?: string;
  /** Only lines of contacts that match now. */
  contacts?: ContactFilter;
  lines: LineFilter;
  before?: number | undefined;
  until?: string | undefined;
  limit: number;
};

type Page = Pick<ActivityStreamPage, "events" | "next" | "reached">;

const isEmpty = (filter: ContactFilter | undefined): boolean =>
  filter === undefined || Object.keys(filter).length === 0;

/** Reads on, stride by stride, until the page is full or it has looked at enough. */
async function collect(
  read: (before: number | undefined) => Promise<PipelineEvent[]>,
  fits: (events: PipelineEvent[]) => Promise<PipelineEvent[]>,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<Page> {
  const events: PipelineEvent[] = [];
  let last: PipelineEvent | undefined;
  for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT;) {
    const stride = await read(last?.seq ?? before);
    if (stride.length === 0) return { events, next: null, reached: last?.at ?? null };
    events.push(...(await fits(stride)));
    if (events.length > limit) {
      const shown = events.slice(0, limit);
      const end = shown.at(-1);
      return { events: shown, next: end?.seq ?? null, reached: end?.at ?? null };
    }
    lookedAt += stride.length;
    last = stride.at(-1);
  }
  return { events, next: last?.seq ?? null, reached: last?.at ?? null };
}

/** Several histories, each in order, as one. */
async function merge(histories: HistoryOf[], lines: LineFilter, before: number | undefined, limit: number) {
  const read = await Promise.all(histories.map((of) => findLines(of, lines, { before, limit })));
  return read
    .flat()
    .sort((a, b) => b.seq - a.seq)
    .slice(0, limit);
}

async function readPage(app: AppContext, wanted: ActivityWanted, before: number | undefined): Promise<Page> {
  const { organizationId, pipelineId, contactId, contacts = {}, lines, limit } = wanted;
  const passes = (events: PipelineEvent[]) => events.filter((event) => isLine(event, lines));
  const range = { before, limit };
  if (contactId !== undefined || isEmpty(contacts)) {
    const of = contactId === undefined ? { pipelineId } : { contactId };
    const stride = contactId === undefined ? limit + 1 : STRIDE;
    const read = (from: number | undefined) => findLines(of, lines, { before: from, limit: stride });
    return collect(read, (events) => Promise.resolve(passes(events)), range);
  }
  const matching = await findMatchingIds(app, organizationId, pipelineId, contacts);
  const few = matching.few(FEW);
  const read = (from: number | undefined) =>
    few
      ? merge(
          few.map((id) => ({ contactId: id })),
          lines,
          from,
          limit + 1,
        )
      : findLines({ pipelineId }, lines, { before: from, limit: STRIDE });
  return collect(
    read,
    async (events) => {
      const ids = new Set(events.flatMap((event) => event.contactId ?? []));
      const found = await matching.among(ids);
      return passes(events).filter((event) => event.contactId !== null && found.has(event.contactId));
    },
    range,
  );
}

/**
 * One page of history, newest first. The head is read first: a page may hold newer lines, nothing up to the
 * answered `seq` is missing. Every way of reading follows an index and is bounded, however long the log is [AC3].
 */
export async function readActivity(app: AppContext, wanted: ActivityWanted): Promise<ActivityStreamPage> {
  const { organizationId, pipelineId, until } = wanted;
  const [heads, { timeZone }] = await Promise.all([findHeads([pipelineId]), findSettings(organizationId)]);
  const untilSeq =
    until === undefined ? undefined : await findSeqAt(pipelineId, startOfDay(addDays(until, 1), timeZone));
  const bounds = [wanted.before, untilSeq].filter((bound) => bound !== undefined);
  const before = bounds.length > 0 ? Math.min(...bounds) : undefined;
  return { ...(await readPage(app, wanted, before)), pipelineId, seq: heads.get(pipelineId) ?? 0 };
}
