import { goto } from "$app/navigation";
import { page } from "$app/state";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { ContactColumn } from "@dmtracker/shared/contracts/contact-columns.ts";
import type { ListView } from "#lib/state/contact-list.svelte.ts";
import { filterFromQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import { pageViewFromQuery, pageViewToQuery, VIEW_KEYS, type PageView } from "#lib/state/page-view.ts";

/**
 * The address holds the whole view, so that it can be shared, bookmarked and stepped back from: a choice is a step
 * of the history, typing is not.
 */
export class FilterUrl {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once, made anew with every address
  readonly page: PageView = $derived(pageViewFromQuery(new URLSearchParams(page.url.search)));
  /** What of it a list shows. */
  readonly view: ListView = $derived({
    filter: this.page.filter,
    sort: this.page.sort,
    direction: this.page.direction,
  });
  readonly filter: ContactFilter = $derived(this.page.filter);
  /** What the address says and no filter means: it is left out, and told. */
  readonly dropped: readonly string[] = $derived(
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once, made anew with every address
    filterFromQuery(new URLSearchParams(page.url.search), VIEW_KEYS).dropped.map(
      ({ key, value }) => `${key}=${value}`,
    ),
  );
  readonly isOn: boolean = $derived(Object.keys(this.filter).length > 0);

  choose(filter: ContactFilter): void {
    this.show({ ...this.page, filter });
  }

  /** Every step of typing replaces the one before it. */
  type(search: string): void {
    const { search: _old, ...rest } = this.filter;
    this.#go({ ...this.page, filter: search ? { ...rest, search } : rest }, true);
  }

  order(sort: ListView["sort"], direction: ListView["direction"]): void {
    this.show({ ...this.page, sort, direction });
  }

  /** Undefined: as the person has them elsewhere. */
  arrange(columns: readonly ContactColumn[] | undefined): void {
    this.show({ ...this.page, columns });
  }

  clear(): void {
    this.choose({});
  }

  /** `replace`: nobody chose this, it is where the page begins. */
  show(view: PageView, { replace = false } = {}): void {
    this.#go(view, replace);
  }

  #go(view: PageView, replace: boolean): void {
    const query = queryText(pageViewToQuery(view));
    if (`?${query}` === page.url.search || (!query && !page.url.search)) return;
    const url = `${page.url.pathname}${query && `?${query}`}`;
    // The same page with another view of it: there is no route to resolve.
    // eslint-disable-next-line svelte/no-navigation-without-resolve
    void goto(url, { replace, reset: false });
  }
}
