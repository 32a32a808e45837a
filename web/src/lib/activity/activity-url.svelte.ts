import { goto } from "$app/navigation";
import { page } from "$app/state";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { filterFromQuery, filterToQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { HistoryView } from "#lib/state/history.svelte.ts";
import { VIEW_KEYS, viewFromQuery, viewToQuery } from "./kind-words.ts";

/** The address holds which lines are shown, so that they can be shared and stepped back from. */
export class ActivityUrl {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once, made anew with every address
  readonly #query = $derived(new URLSearchParams(page.url.search));
  readonly #read = $derived(filterFromQuery(this.#query, VIEW_KEYS));
  readonly filter: ContactFilter = $derived(this.#read.filter);
  readonly view: HistoryView = $derived(viewFromQuery(this.#query));
  /** What the address says and no filter means. */
  readonly dropped: readonly string[] = $derived(
    this.#read.dropped.map(({ key, value }) => `${key}=${value}`),
  );
  readonly isOn: boolean = $derived(page.url.search.length > 1);

  choose(filter: ContactFilter): void {
    this.#go(filter, this.view, false);
  }

  look(view: HistoryView): void {
    this.#go(this.filter, view, false);
  }

  /** Every step of typing replaces the one before it. */
  type(search: string): void {
    const { search: _old, ...rest } = this.filter;
    this.#go(search ? { ...rest, search } : rest, this.view, true);
  }

  clear(): void {
    this.#go({}, {}, false);
  }

  #go(filter: ContactFilter, view: HistoryView, replace: boolean): void {
    const parts = [queryText(filterToQuery(filter)), queryText(viewToQuery(view))].filter(
      (part) => part !== "",
    );
    const query = parts.join("&");
    if (query === page.url.search.slice(1)) return;
    // The same page with another view of it: there is no route to resolve.

    // eslint-disable-next-line svelte/no-navigation-without-resolve
    void goto(`${page.url.pathname}${query && `?${query}`}`, { replace, reset: false });
  }
}
