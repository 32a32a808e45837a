import type { BulkChange } from "@dmtracker/shared/contracts/bulk.ts";

/** Taken up again: a message is due now, and the cadence begins anew with it. */
export const REENGAGE = { followUp: { act: "restart" } } as const satisfies BulkChange;

/** The same for who was given up before. */
export const REOPEN = { status: "open", ...REENGAGE } as const satisfies BulkChange;
