import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter, ContactSort, SortDirection } from "@dmtracker/shared/contracts/filter.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMatching } from "#server/contacts/find-matching.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import type { Cell } from "#server/platform/csv-answer.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { toContactRow } from "./contact-row.ts";

const CONTACTS_AT_ONCE = 1_000;

export type ExportInput = {
  organizationId: string;
  pipelineId: string;
  filter: ContactFilter;
  sort: ContactSort;
  direction: SortDirection;
};

/**
 * All contacts that match a filter now, in the order of the list, a page at a time: what matched at the beginning, as
 * each is when its page is read.
 */
export async function exportContacts(
  app: AppContext,
  { organizationId, pipelineId, filter, sort, direction }: ExportInput,
): Promise<AsyncIterable<Cell[]>> {
  const matching = await findMatching(app, organizationId, pipelineId, filter);
  const [members, tags] = await Promise.all([
    findMembers(app.auth, organizationId),
    findTags(organizationId),
  ]);
  const names = { stages: matching.pipeline.stages, members, tags };
  async function* pages(): AsyncGenerator<Contact[]> {
    let after: Awaited<ReturnType<typeof matching.page>>["end"];
    for (;;) {
      const page = await matching.page({ order: { by: sort, direction }, after, limit: CONTACTS_AT_ONCE });
      yield page.contacts;
      if (!page.more || !page.end) return;
      after = page.end;
    }
  }
  async function* rows(): AsyncGenerator<Cell[]> {
    for await (const contacts of pages()) for (const contact of contacts) yield toContactRow(contact, names);
  }
  return rows();
}
