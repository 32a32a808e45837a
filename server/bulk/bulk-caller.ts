import type { Actor } from "@dmtracker/shared/contracts/people.ts";

/** Who asks, and whether they may look after other people's actions. */
export type BulkCaller = { organizationId: string; actor: Actor; isAdmin: boolean };
