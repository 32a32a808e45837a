import type { BulkAction, BulkChange, ContactSelection } from "@dmtracker/shared/contracts/bulk.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { describeBulkChange } from "@dmtracker/shared/pipeline/describe-bulk.ts";
import type { AppContext } from "#server/app-context.ts";
import { findStarted, startBulk } from "#server/bulk/start-bulk.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { findMatching } from "./find-matching.ts";
import { requireNamed } from "./require-named.ts";

export type ChangeContactsInput = {
  organizationId: string;
  pipelineId: string;
  select: ContactSelection;
  change: BulkChange;
  actor: Actor;
  mutation?: Mutation | undefined;
};

/**
 * Gives many contacts the same change: those that are named, or all that match a filter at this moment. Rules fire
 * for each, a contact that must refuse is left alone and told.
 * @throws AppError not_found, unknown_stage, invalid, too_large, key_reused, busy, stopping
 */
export async function changeContacts(app: AppContext, input: ChangeContactsInput): Promise<BulkAction> {
  const { organizationId, pipelineId, select, change, actor, mutation } = input;
  const first = await findStarted(organizationId, mutation);
  if (first) return first;
  const pipeline = await findPipeline(pipelineId, organizationId);
  if (!pipeline) throw new AppError("not_found", "No such pipeline");
  if (change.stageId !== undefined && !pipeline.stages.some(({ id }) => id === change.stageId)) {
    const message = `No such stage. The stages are: ${pipeline.stages.map(({ name }) => name).join(", ")}`;
    throw new AppError("unknown_stage", message, { issues: [{ path: "stageId", message }] });
  }
  await requireNamed(app, organizationId, change);
  const names = {
    stages: pipeline.stages,
    members: change.assigneeId ? await findMembers(app.auth, organizationId) : [],
    tags: change.tags ? await findTags(organizationId) : [],
  };
  const contactIds =
    "contactIds" in select
      ? select.contactIds
      : await (await findMatching(app, organizationId, pipelineId, select.filter)).ids();
  const title = describeBulkChange(change, names);
  const work = { kind: "change", change } as const;
  return startBulk(app, { organizationId, pipelineId, actor, title, work, contactIds, mutation });
}
