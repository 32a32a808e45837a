import mongoose from "mongoose";
import type { AppContext } from "#server/app-context.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { TokenModel } from "#server/tokens/token.model.ts";
import { DeletedOrganizationModel } from "./deleted-organization.model.ts";
import type { Caller } from "./caller.ts";
import { findOrganization } from "./member.store.ts";
import { sweepOrganization } from "./sweep-deleted.ts";

/** Calls and uploads that had begun before have come to their end by then. */
const SWEEP_AFTER_MS = 300_000;

/**
 * Deletes the organization with everything in it, at once and for ever: contacts, history, rules, tokens,
 * invitations, memberships. People keep their accounts. First it is written down, so that whoever is interrupted is
 * gone on for; then nobody can enter any more; then the data goes, and later once more what was on its way.
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
  const _id = new mongoose.Types.ObjectId(organizationId);
  const pipelineIds = (await findPipelines(organizationId)).map(({ id }) => new mongoose.Types.ObjectId(id));
  const sweepAt = new Date(app.now().getTime() + SWEEP_AFTER_MS);
  await DeletedOrganizationModel.collection.replaceOne({ _id }, { pipelineIds, sweepAt }, { upsert: true });
  await TokenModel.deleteMany({ organizationId });
  const { adapter } = await app.auth.$context;
  await adapter.deleteMany({ model: "member", where: [{ field: "organizationId", value: organizationId }] });
  app.live.revokeOrganization(organizationId, {
    cause: "deleted",
    reason: `${actor.name} deleted ${name}.`,
  });
  await sweepOrganization(app, { _id, pipelineIds });
}
