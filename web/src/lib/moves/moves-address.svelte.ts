import { goto } from "$app/navigation";
import { page } from "$app/state";
import type { MoveFigure } from "@dmtracker/shared/contracts/moves.ts";

const KEYS = ["since", "figure", "member", "stage"] as const;
export type MovesChoice = { figure?: MoveFigure; member?: string; stage?: string };

/** What the page asks: since when, and which number's contacts are listed. */
export class MovesAddress {
  readonly asked: URLSearchParams = $derived.by(() => {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read, and made anew with every address
    const asked = new URLSearchParams();
    for (const key of KEYS) {
      const value = page.url.searchParams.get(key);
      if (value) asked.set(key, value);
    }
    return asked;
  });

  with(changes: Partial<Record<(typeof KEYS)[number], string | undefined>>): string {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made and written down
    const next = new URLSearchParams(this.asked);
    for (const [key, value] of Object.entries(changes)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    const query = next.toString();
    return `${page.url.pathname}${query && `?${query}`}`;
  }

  /** The list behind one number; nothing named is everybody. */
  of({ figure, member, stage }: MovesChoice): string {
    return this.with({ figure, member, stage });
  }

  isChosen({ figure, member, stage }: MovesChoice): boolean {
    const named = [figure, member, stage].map((value) => value ?? null);
    return named.every(
      (value, index) => value === this.asked.get(["figure", "member", "stage"][index] ?? ""),
    );
  }

  show(since: string | undefined): void {
    // The same page with another query: there is no route to resolve.
    // eslint-disable-next-line svelte/no-navigation-without-resolve
    void goto(this.with({ since }), { reset: false });
  }
}
