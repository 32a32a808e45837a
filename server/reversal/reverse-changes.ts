import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { ReversalCause } from "@dmtracker/shared/contracts/reversal.ts";
import type { AppContext } from "#server/app-context.ts";
import { findStarted, startBulk } from "#server/bulk/start-bulk.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findCaused } from "./find-caused.ts";

export type ReverseChangesInput = {
  organizationId: string;
  pipelineId: string;
  cause: ReversalCause;
  actor: Actor;
  mutation?: Mutation | undefined;
};

/**
 * Takes back everything that one rule, token, member or batch did, as a bulk action. Whatever somebody has changed
 * since stays.
 * @throws AppError not_found, too_large, key_reused
 */
export async function reverseChanges(app: AppContext, input: ReverseChangesInput): Promise<BulkAction> {
  const { organizationId, pipelineId, cause, actor, mutation } = input;
  const first = await findStarted(organizationId, mutation);
  if (first) return first;
  const caused = await findCaused(organizationId, pipelineId, cause);
  if (!caused) throw new AppError("not_found", "There is nothing to reverse");
  const { contactIds, target, undoes } = caused;
  const work = { kind: "reversal", target, undoes } as const;
  const title = `Reversed ${caused.title}`;
  return startBulk(app, { organizationId, pipelineId, actor, title, work, contactIds, mutation });
}
