import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import { sortKeyOf } from "@dmtracker/shared/pipeline/contact-order.ts";
import { compareRanked } from "@dmtracker/shared/pipeline/ranks.ts";
import type { FilterMoment } from "@dmtracker/shared/pipeline/filter.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { toQuery, type ContactOrder, type PlaceInOrder } from "./contact-query.ts";
import {
  findContactsOfPipeline,
  findMatchingIds,
  findMatchingPage,
  sumMatching,
  type PageOfStage,
} from "./contact.store.ts";
import { byStage, pageOf, totalOf, type Roster } from "./roster.ts";

/** `end` is where the page ended when it was chosen: its last contact may stand elsewhere by now. */
export type MatchingPage = PageOfStage & { end: PlaceInOrder | undefined };

export type PageWanted = {
  order: ContactOrder;
  stageId?: string;
  after?: PlaceInOrder | undefined;
  limit: number;
};

/** The contacts of a pipeline that match a filter, as of `pipeline.seq`. */
export type Matching = {
  pipeline: Pipeline;
  totals: Record<string, Total>;
  page(wanted: PageWanted): Promise<MatchingPage>;
  /** All of them, in board order within each stage. */
  ids(): Promise<string[]>;
};

async function contactsInOrder(pipelineId: string, ids: string[]): Promise<Contact[]> {
  if (ids.length === 0) return [];
  const found = await findContactsOfPipeline(pipelineId, ids);
  const byId = new Map(found.map(({ contact }) => [contact.id, contact]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

export function matchInRoster(roster: Roster, filter: ContactFilter, moment: FilterMoment): Matching {
  const { pipeline } = roster;
  const entries = roster.findMatching(filter, moment);
  const columns = byStage(entries);
  return {
    pipeline,
    totals: Object.fromEntries([...columns].map(([stageId, column]) => [stageId, totalOf(column)])),
    async page({ order, stageId, after, limit }) {
      const among = stageId === undefined ? entries : (columns.get(stageId) ?? []);
      const found = pageOf(among, order, { after, limit: limit + 1 });
      const places = found.slice(0, limit);
      const contacts = await contactsInOrder(
        pipeline.id,
        places.map(({ id }) => id),
      );
      return { contacts, more: found.length > limit, end: places.at(-1) };
    },
    ids: () =>
      Promise.resolve(
        [...columns.values()].flatMap((column) => column.toSorted(compareRanked).map(({ id }) => id)),
      ),
  };
}

/** For pipelines that are too large to be held. The head is read first: nothing up to it is missing. */
export async function matchInDatabase(
  pipeline: Pipeline,
  filter: ContactFilter,
  moment: FilterMoment,
): Promise<Matching> {
  const conditions = toQuery(filter, moment);
  return {
    pipeline,
    totals: await sumMatching(pipeline.id, conditions),
    async page({ order, ...options }) {
      const page = await findMatchingPage(pipeline.id, conditions, order, options);
      const last = page.contacts.at(-1);
      const keyOf = (contact: Contact) => (order.by === "rank" ? contact.rank : sortKeyOf(contact, order.by));
      return { ...page, end: last && { key: keyOf(last), id: last.id } };
    },
    ids: () => findMatchingIds(pipeline.id, conditions),
  };
}

/**
 * What matches a filter now, by the calendar of the organization: counted and in pages of any order.
 * @throws AppError not_found
 */
export async function findMatching(
  app: AppContext,
  organizationId: string,
  pipelineId: string,
  filter: ContactFilter,
): Promise<Matching> {
  const [pipeline, { timeZone }] = await Promise.all([
    findPipeline(pipelineId, organizationId),
    findSettings(organizationId),
  ]);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  const moment = { now: app.now(), timeZone };
  const roster = await app.rosters.current(pipelineId);
  return roster ? matchInRoster(roster, filter, moment) : matchInDatabase(pipeline, filter, moment);
}
