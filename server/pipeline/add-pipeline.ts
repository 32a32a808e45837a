import { MAX_PIPELINES } from "@dmtracker/shared/contracts/limits.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { AppContext } from "#server/app-context.ts";
import { changeOrganization, type OrganizationCall } from "#server/organizations/change-organization.ts";
import { AppError } from "#server/platform/app-error.ts";
import { aDefaultPipeline } from "./create-default-pipeline.ts";
import { toPipeline } from "./pipeline.model.ts";
import { findPipelines, insertPipeline } from "./pipeline.store.ts";

/** One more pipeline, with the default stages, no rules and nobody in it. @throws AppError invalid */
export function addPipeline(app: AppContext, call: OrganizationCall, name: string): Promise<Pipeline> {
  const { organizationId } = call;
  return changeOrganization(app, call, async ({ batch, at }) => {
    const pipelines = await findPipelines(organizationId);
    if (pipelines.length >= MAX_PIPELINES)
      throw new AppError("invalid", `An organization has at most ${MAX_PIPELINES} pipelines`);
    const twin = pipelines.find((other) => other.name.toLowerCase() === name.toLowerCase());
    if (twin) {
      const message = `There is a pipeline “${twin.name}” already`;
      throw new AppError("duplicate", message, { issues: [{ path: "name", message }] });
    }
    const record = aDefaultPipeline(organizationId, { name, at });
    batch.effects.push((session) => insertPipeline(record, session));
    return toPipeline(record);
  });
}
