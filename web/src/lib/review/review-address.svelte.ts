import { goto } from "$app/navigation";
import { page } from "$app/state";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { REPORT_PERIODS } from "@dmtracker/shared/contracts/report-labels.ts";
import { filterFromQuery, filterToQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import type { ListView } from "#lib/state/contact-list.svelte.ts";
import { firstDirection, sortFrom } from "#lib/state/list-view.ts";
import { customDays } from "#lib/reports/report-words.ts";

export type ReviewTab = "quiet" | "given_up";

/** Long enough that nobody is merely waiting for an answer: the usual cadence is half over by then. */
export const USUAL_DAYS = 14;
const OWN_KEYS = ["tab", "sort", "direction", "period", "came_from", "outcome", "reason"];

/** What of those who were given up is listed. */
export type Outcomes = {
  cameFrom: string | undefined;
  outcome: "lost" | "abandoned";
  reason: string | undefined;
};

/** The address holds everything that the review shows, so that it can be shared and stepped back from. */
export class ReviewAddress {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read, and made anew with every address
  readonly #query: URLSearchParams = $derived(new URLSearchParams(page.url.search));
  readonly tab: ReviewTab = $derived(this.#query.get("tab") === "given_up" ? "given_up" : "quiet");
  readonly #named: ContactFilter = $derived(filterFromQuery(this.#query, OWN_KEYS).filter);
  readonly days: number = $derived(this.#named.quietDays ?? USUAL_DAYS);
  readonly stageId: string | undefined = $derived(this.#named.stageId?.[0]);
  readonly assigneeId: string | undefined = $derived(this.#named.assigneeId?.[0]);
  /** Open, quiet and nobody's who was parked: whatever their stage. */
  readonly everyStage: ContactFilter = $derived({
    leadStatus: ["open"],
    parked: false,
    quietDays: this.days,
    ...(this.assigneeId && { assigneeId: [this.assigneeId] }),
  });
  readonly view: ListView = $derived.by(() => {
    const sort = sortFrom(this.#query) ?? "last_activity";
    const named = this.#query.get("direction");
    // Who has been silent for longest stands on top.
    const usual = sort === "last_activity" ? "asc" : firstDirection(sort);
    const direction = named === "asc" || named === "desc" ? named : usual;
    const filter = { ...this.everyStage, ...(this.stageId && { stageId: [this.stageId] }) };
    return { filter, sort, direction };
  });
  readonly period: string = $derived.by(() => {
    const named = this.#query.get("period") ?? "";
    return named in REPORT_PERIODS || customDays(named) ? named : "last_30_days";
  });
  readonly outcomes: Outcomes = $derived({
    cameFrom: this.#query.get("came_from") ?? undefined,
    outcome: this.#query.get("outcome") === "abandoned" ? "abandoned" : "lost",
    reason: this.#query.get("reason") ?? undefined,
  });

  /** An address with other values; undefined takes one away. */
  with(changes: Record<string, string | undefined>): string {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made and written down
    const next = new URLSearchParams(this.#query);
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) next.delete(key);
      else next.set(key, value);
    }
    const query = queryText(next);
    return `${page.url.pathname}${query && `?${query}`}`;
  }

  show(changes: Record<string, string | undefined>): void {
    // The same page with another query: there is no route to resolve.
    // eslint-disable-next-line svelte/no-navigation-without-resolve
    void goto(this.with(changes), { reset: false });
  }

  /** The same contacts in the contact list, where every other filter can be added. */
  get asFilter(): string {
    return queryText(filterToQuery(this.view.filter));
  }
}
