import { goto } from "$app/navigation";
import { page } from "$app/state";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { ListView } from "#lib/state/contact-list.svelte.ts";
import { filterFromQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import { viewFromQuery, viewToQuery } from "#lib/state/list-view.ts";

const ORDER_KEYS = ["sort", "direction"];

/**
 * The address holds the whole view, so that it can be shared, bookmarked and stepped back from: a choice is a step
 * of the history, typing is not.
 */
export class FilterUrl {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once, made anew with every address
  readonly view: ListView = $derived(viewFromQuery(new URLSearchParams(page.url.search)));
  readonly filter: ContactFilter = $derived(this.view.filter);
  /** What the address says and no filter means: it is left out, and told. */
  readonly dropped: readonly string[] = $derived(
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once, made anew with every address
    filterFromQuery(new URLSearchParams(page.url.search), ORDER_KEYS).dropped.map(
      ({ key, value }) => `${key}=${value}`,
    ),
  );
  readonly isOn: boolean = $derived(Object.keys(this.filter).length > 0);

  choose(filter: ContactFilter): void {
    this.#go({ ...this.view, filter }, false);
  }

  /** Every step of typing replaces the one before it. */
  type(search: string): void {
    const { search: _old, ...rest } = this.filter;
    this.#go({ ...this.view, filter: search ? { ...rest, search } : rest }, true);
  }

  order(sort: ListView["sort"], direction: ListView["direction"]): void {
    this.#go({ ...this.view, sort, direction }, false);
  }

  clear(): void {
    this.choose({});
  }

  #go(view: ListView, replace: boolean): void {
    const query = queryText(viewToQuery(view));
    if (`?${query}` === page.url.search || (!query && !page.url.search)) return;
    const url = `${page.url.pathname}${query && `?${query}`}`;
    // The same page with another view of it: there is no route to resolve.
    // eslint-disable-next-line svelte/no-navigation-without-resolve
    void goto(url, { replace, reset: false });
  }
}
