import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { PipelineModel } from "#server/pipeline/pipeline.model.ts";
import { DeletedOrganizationModel, type DeletedOrganizationRecord } from "./deleted-organization.model.ts";
import { OrganizationSettingsModel } from "./organization-settings.model.ts";

const LOOK_EVERY_MS = 60_000;

/** Collections that belong to no organization, or whose record has the organization's own id. */
export const WITHOUT_ORGANIZATION = [
  "DemoRecord",
  "Lease",
  OrganizationSettingsModel.modelName,
  DeletedOrganizationModel.modelName,
];

type Swept = Pick<DeletedOrganizationRecord, "_id" | "pipelineIds">;

/**
 * Deletes every record of every collection that says it belongs to this organization, by its id or a pipeline's. The
 * pipelines first: from then on no change of a contact can be committed, because its commit moves the pipeline on.
 */
export async function sweepOrganization(app: AppContext, { _id, pipelineIds }: Swept): Promise<void> {
  const organizationId = _id.toHexString();
  const isPipelines = (model: unknown): number => Number(model === PipelineModel);
  const models = Object.values(mongoose.models).sort((a, b) => isPipelines(b) - isPipelines(a));
  for (const model of models) {
    if (model.schema.path("organizationId")) await model.deleteMany({ organizationId });
    else if (model.schema.path("pipelineId")) await model.deleteMany({ pipelineId: { $in: pipelineIds } });
  }
  await OrganizationSettingsModel.deleteOne({ _id });
  const { adapter } = await app.auth.$context;
  const where = [{ field: "organizationId", value: organizationId }];
  await adapter.deleteMany({ model: "member", where });
  await adapter.deleteMany({ model: "invitation", where });
  await adapter.delete({ model: "organization", where: [{ field: "id", value: organizationId }] });
}

/**
 * Once more, when all that was on its way when an organization was deleted has arrived, and for whom a deletion was
 * cut off in the middle. Doing it twice does nothing: any number of processes may.
 */
export async function sweepDeleted(app: AppContext): Promise<void> {
  const due = await DeletedOrganizationModel.find({ sweepAt: { $lte: app.now() } }).lean<
    DeletedOrganizationRecord[]
  >();
  for (const record of due) {
    await sweepOrganization(app, record);
    await DeletedOrganizationModel.deleteOne({ _id: record._id });
  }
}

/** Looks for what is left, now and then. @returns stops it, after the round that runs */
export function watchDeleted(app: AppContext): () => Promise<void> {
  let running: Promise<void> | undefined;
  const look = (): void => {
    running ??= sweepDeleted(app)
      .catch((error: unknown) => app.logger.warn({ err: error }, "a deleted organization could not be swept"))
      .finally(() => (running = undefined));
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
