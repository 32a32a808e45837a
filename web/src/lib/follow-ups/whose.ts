import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import type { PageView } from "#lib/state/page-view.ts";

export type Whose = PageView["whose"];

export const WHOSE: Record<Whose, string> = { mine: "Mine", everyone: "Everyone" };

/** One's own, unless the filter names somebody: then whoever it names. */
export function filterOf({ filter, whose }: PageView, me: string): ContactFilter {
  if (filter.assigneeId || whose === "everyone") return filter;
  return { ...filter, assigneeId: [me] };
}
