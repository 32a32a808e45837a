import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { ContactFilter, ContactSort, SortDirection } from "@dmtracker/shared/contracts/filter.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { CreateContactBody } from "@dmtracker/shared/contracts/rest.ts";
import { filterToQuery } from "@dmtracker/shared/pipeline/filter-query.ts";
import { request } from "./client.ts";

export type ContactPage = { contact: Contact; pipeline: Pipeline; members: Member[]; tags: Tag[] };

export function loadContact(contactId: string, signal?: AbortSignal): Promise<ContactPage> {
  return request<ContactPage>(`/contacts/${contactId}`, signal ? { signal } : {});
}

export type ContactListQuery = {
  pipelineId: string;
  filter: ContactFilter;
  sort: ContactSort;
  direction: SortDirection;
  /** Where the last page ended; null for the top. */
  cursor: string | null;
  limit: number;
};

export function loadContactList(query: ContactListQuery): Promise<ContactListPage> {
  const search = filterToQuery(query.filter);
  search.set("pipeline_id", query.pipelineId);
  search.set("sort", query.sort);
  search.set("direction", query.direction);
  search.set("limit", String(query.limit));
  if (query.cursor !== null) search.set("cursor", query.cursor);
  return request<ContactListPage>(`/contacts?${search}`);
}

/** How many contacts match a filter, by stage: a list without its rows. */
export const countQuiet = {
  query(pipelineId: string, filter: ContactFilter): URLSearchParams {
    const search = filterToQuery(filter);
    search.set("pipeline_id", pipelineId);
    search.set("limit", "1");
    return search;
  },
  load: (query: URLSearchParams): Promise<ContactListPage> => request<ContactListPage>(`/contacts?${query}`),
};

/** Where the same list is a CSV file. */
export function exportAddress(query: Omit<ContactListQuery, "cursor" | "limit">): string {
  const search = filterToQuery(query.filter);
  search.set("pipeline_id", query.pipelineId);
  search.set("sort", query.sort);
  search.set("direction", query.direction);
  return `/api/v1/contacts/export?${search}`;
}

export async function createContact(body: CreateContactBody): Promise<void> {
  await request<unknown>("/organization/create-contact", { method: "POST", body });
}
