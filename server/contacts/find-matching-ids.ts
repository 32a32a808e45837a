import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { toQuery } from "./contact-query.ts";
import { findMatchingAmong } from "./contact.store.ts";

/** Who matches a filter, for readers that meet contacts by id. */
export type MatchingIds = {
  /** All of them, when there are at most so many and that is known. */
  few(most: number): string[] | undefined;
  among(ids: ReadonlySet<string>): Promise<ReadonlySet<string>>;
};

/** The contacts of a pipeline that match a filter now. */
export async function findMatchingIds(
  app: AppContext,
  organizationId: string,
  pipelineId: string,
  filter: ContactFilter,
): Promise<MatchingIds> {
  const { timeZone } = await findSettings(organizationId);
  const moment = { now: app.now(), timeZone };
  const roster = await app.rosters.current(pipelineId);
  if (!roster) {
    const conditions = toQuery(filter, moment);
    return { few: () => undefined, among: (ids) => findMatchingAmong(pipelineId, conditions, ids) };
  }
  const columns = [...roster.findMatching(filter, moment).values()];
  const found = new Set(columns.flatMap((column) => column.map(({ id }) => id)));
  return {
    few: (most) => (found.size <= most ? [...found] : undefined),
    among: (ids) => Promise.resolve(new Set([...ids].filter((id) => found.has(id)))),
  };
}
