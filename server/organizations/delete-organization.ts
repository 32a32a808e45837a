import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { PipelineModel } from "#server/pipeline/pipeline.model.ts";
import { OrganizationSettingsModel } from "./organization-settings.model.ts";
import type { Caller } from "./caller.ts";
import { findOrganization } from "./member.store.ts";

/** Collections that belong to no organization, or whose record has the organization's own id. */
export const WITHOUT_ORGANIZATION = ["DemoRecord", "Lease", OrganizationSettingsModel.modelName];

/** Every record of every collection says whose it is: by organization, or by pipeline. */
async function deleteRecords(organizationId: string): Promise<void> {
  const ids = await PipelineModel.find({ organizationId }, { _id: 1 }).lean<{ _id: unknown }[]>();
  const pipelineId = { $in: ids.map(({ _id }) => _id) };
  // Pipelines last: an interrupted deletion still finds what belongs to them.
  const models = Object.values(mongoose.models).sort((a, b) =>
    a === PipelineModel ? 1 : b === PipelineModel ? -1 : 0,
  );
  for (const model of models) {
    if (model.schema.path("organizationId")) await model.deleteMany({ organizationId });
    else if (model.schema.path("pipelineId")) await model.deleteMany({ pipelineId });
  }
  await OrganizationSettingsModel.deleteOne({ _id: organizationId });
}

/**
 * Deletes the organization with everything in it, at once and for ever: contacts, history, rules, tokens,
 * invitations, memberships. People keep their accounts. First nobody can enter any more, then the data goes.
 * @throws AppError invalid when the name is not the organization's
 */
export async function deleteOrganization(
  app: AppContext,
  { organizationId, actor }: Caller,
  typedName: string,
): Promise<void> {
  const organization = await findOrganization(app.auth, organizationId);
  const name = organization?.name ?? "";
  if (typedName.trim() !== name.trim()) throw invalidField("name", `write the name as it is: ${name}`);
  const { adapter } = await app.auth.$context;
  const where = [{ field: "organizationId", value: organizationId }];
  await mongoose.models.Token?.deleteMany({ organizationId });
  await adapter.deleteMany({ model: "member", where });
  app.live.revokeOrganization(organizationId, {
    cause: "deleted",
    reason: `${actor.name} deleted ${name}.`,
  });
  await adapter.deleteMany({ model: "invitation", where });
  await deleteRecords(organizationId);
  await adapter.delete({ model: "organization", where: [{ field: "id", value: organizationId }] });
}
