import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";

/** The order of the menu, and the one place that says which colour means what. */
export const LEAD_STATUSES: readonly LeadStatus[] = ["open", "won", "lost", "abandoned"];

export const LEAD_STATUS_LOOK: Record<LeadStatus, { badge: string; mark: string }> = {
  open: { badge: "bg-open text-open-ink", mark: "bg-open-mark" },
  won: { badge: "bg-won text-won-ink", mark: "bg-won-mark" },
  lost: { badge: "bg-lost text-lost-ink", mark: "bg-lost-mark" },
  abandoned: { badge: "bg-abandoned text-abandoned-ink", mark: "bg-abandoned-mark" },
};
