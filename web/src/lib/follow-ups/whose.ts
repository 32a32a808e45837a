import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { PageView } from "#lib/state/page-view.ts";

export type Whose = PageView["whose"];

export const WHOSE: Record<Whose, string> = { mine: "Mine", everyone: "Everyone" };

/** One's own, unless the filter names somebody: then whoever it names. */
export function filterOf({ filter, whose }: PageView, me: string | null): ContactFilter {
  if (filter.assigneeId || whose === "everyone" || me === null) return filter;
  return { ...filter, assigneeId: [me] };
}
