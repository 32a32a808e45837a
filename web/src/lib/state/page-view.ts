import { CONTACT_COLUMNS, type ContactColumn } from "@dmtracker/shared/contracts/contact-columns.ts";
import type { ViewContent, ViewPlace } from "@dmtracker/shared/contracts/view.ts";
import { queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { ListView } from "./contact-list.svelte.ts";
import { viewFromQuery, viewToQuery } from "./list-view.ts";

/** Keys of an address that are no filters. */
export const VIEW_KEYS: readonly string[] = ["sort", "direction", "columns", "whose", "view"];

/** `view=all`: no saved view was meant, also by who has one that opens first. */
export const NO_VIEW = "all";

/** Everything that the address of a page says about what it shows. */
export type PageView = ListView & {
  columns: readonly ContactColumn[] | undefined;
  whose: "mine" | "everyone";
  /** The saved view that this is, or began as. */
  viewId: string | undefined;
};

function columnsFrom(text: string | null): readonly ContactColumn[] | undefined {
  if (text === null) return undefined;
  const named = text.split(",");
  const known = named.filter((name): name is ContactColumn =>
    CONTACT_COLUMNS.includes(name as ContactColumn),
  );
  return [...new Set(known)];
}

export function pageViewFromQuery(query: URLSearchParams): PageView {
  return {
    ...viewFromQuery(query),
    columns: columnsFrom(query.get("columns")),
    whose: query.get("whose") === "everyone" ? "everyone" : "mine",
    viewId: query.get("view") ?? undefined,
  };
}

/** The shortest address that says the same. */
export function pageViewToQuery(view: PageView): URLSearchParams {
  const query = viewToQuery(view);
  if (view.columns) query.set("columns", view.columns.join(","));
  if (view.whose === "everyone") query.set("whose", view.whose);
  if (view.viewId !== undefined) query.set("view", view.viewId);
  return query;
}

/** What of a page a view at this place keeps. */
export function contentOf(
  { filter, sort, direction, columns, whose }: PageView,
  place: ViewPlace,
): ViewContent {
  if (place === "board") return { filter };
  if (place === "follow_ups") return { filter, whose };
  return { filter, sort, direction, ...(columns && { columns: [...columns] }) };
}

/** A page that shows a view. */
export function pageViewOf(
  { filter, sort, direction, columns, whose }: ViewContent,
  viewId?: string,
): PageView {
  // Read back from an empty address: what a place shows by itself is written in one place only.
  const plain = pageViewFromQuery(new URLSearchParams(sort ? { sort } : {}));
  return {
    ...plain,
    filter,
    direction: direction ?? plain.direction,
    columns,
    whose: whose ?? "mine",
    viewId,
  };
}

const textOf = (content: ViewContent): string => queryText(pageViewToQuery(pageViewOf(content)));

/** Does a page show anything else than this view? The order in which choices were made is no difference. */
export function isModified(saved: ViewContent, page: PageView, place: ViewPlace): boolean {
  const sorted = ({ filter, ...rest }: ViewContent): ViewContent => ({
    ...rest,
    filter: Object.fromEntries(
      Object.entries(filter).map(([field, value]) => [
        field,
        Array.isArray(value) ? [...value].sort() : value,
      ]),
    ),
  });
  return textOf(sorted(saved)) !== textOf(sorted(contentOf(page, place)));
}
