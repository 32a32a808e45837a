import type { ColumnPage } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { Pipeline, Total } from "@dmtracker/shared/contracts/pipeline.ts";
import { sortKeyOf } from "@dmtracker/shared/pipeline/contact-order.ts";
import type { FilterMoment } from "@dmtracker/shared/pipeline/filter.ts";
import type { Ranked } from "@dmtracker/shared/pipeline/ranks.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { BOARD_ORDER, toQuery, type ListOrder, type PlaceInOrder } from "./contact-query.ts";
import {
  findContactsOfPipeline,
  findMatchingIds,
  findMatchingPage,
  sumMatching,
  type PageOfStage,
} from "./contact.store.ts";
import { pageOf, topOf, totalOf, type Roster } from "./roster.ts";

/** `end` is where the page ended when it was chosen: its last contact may stand elsewhere by now. */
export type MatchingPage = PageOfStage & { end: PlaceInOrder | undefined };

export type PageWanted = { order: ListOrder; after?: PlaceInOrder | undefined; limit: number };
export type ColumnsWanted = { after?: Ranked | undefined; limit: number };

/** The contacts of a pipeline that match a filter, as of `pipeline.seq`. */
export type Matching = {
  pipeline: Pipeline;
  totals: Record<string, Total>;
  page(wanted: PageWanted): Promise<MatchingPage>;
  /** A page of each of these stages, in board order. */
  columns(stageIds: readonly string[], wanted: ColumnsWanted): Promise<ColumnPage[]>;
  /** All of them, in board order within each stage. */
  ids(): Promise<string[]>;
};

/** @returns of an id its contact, when there still is one */
async function readContacts(pipelineId: string, ids: string[]): Promise<(id: string) => Contact[]> {
  const found = ids.length === 0 ? [] : await findContactsOfPipeline(pipelineId, ids);
  const byId = new Map(found.map(({ contact }) => [contact.id, contact]));
  return (id) => {
    const contact = byId.get(id);
    return contact ? [contact] : [];
  };
}

export function matchInRoster(roster: Roster, filter: ContactFilter, moment: FilterMoment): Matching {
  const { pipeline } = roster;
  const matching = roster.findMatching(filter, moment);
  return {
    pipeline,
    totals: Object.fromEntries([...matching].map(([stageId, column]) => [stageId, totalOf(column)])),
    async page({ order, after, limit }) {
      const found = pageOf(matching, order, { after, limit: limit + 1 });
      const places = found.slice(0, limit);
      const contactOf = await readContacts(
        pipeline.id,
        places.map(({ id }) => id),
      );
      return {
        contacts: places.flatMap(({ id }) => contactOf(id)),
        more: found.length > limit,
        end: places.at(-1),
      };
    },
    async columns(stageIds, { after, limit }) {
      const tops = stageIds.map((stageId) => {
        const found = topOf(matching.get(stageId) ?? [], { after, limit: limit + 1 });
        return { stageId, ids: found.slice(0, limit).map(({ id }) => id), more: found.length > limit };
      });
      // Asked for at once: what is asked for one after the other waits that many times.
      const contactOf = await readContacts(
        pipeline.id,
        tops.flatMap(({ ids }) => ids),
      );
      return tops.map(({ stageId, ids, more }) => ({ stageId, contacts: ids.flatMap(contactOf), more }));
    },
    ids: () => Promise.resolve([...matching.values()].flatMap((column) => column.map(({ id }) => id))),
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
      return { ...page, end: last && { key: sortKeyOf(last, order.by), id: last.id } };
    },
    columns: (stageIds, { after, limit }) =>
      Promise.all(
        stageIds.map(async (stageId) => {
          const options = { stageId, after: after && { key: after.rank, id: after.id }, limit };
          return { stageId, ...(await findMatchingPage(pipeline.id, conditions, BOARD_ORDER, options)) };
        }),
      ),
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
