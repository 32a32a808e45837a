import { PipelineIdParam } from "@dmtracker/shared/contracts/queries.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Request } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { Mutation } from "./mutation.store.ts";
import { findPipeline } from "./pipeline.store.ts";
import { mutationOf } from "./request-mutation.ts";

/** A call that changes how a pipeline works: which one, who, and under which key. */
export type SettingsCall = { pipelineId: string; actor: Actor; mutation?: Mutation | undefined };

/**
 * Every door to a pipeline's settings goes through here: owner or admin, own pipeline.
 * @throws AppError not_found
 */
export async function requirePipelineSettings(app: AppContext, request: Request): Promise<SettingsCall> {
  const caller = callerOf(request.res);
  const { pipelineId } = PipelineIdParam.parse(request.params);
  if (!(await findPipeline(pipelineId, caller.organizationId)))
    throw new AppError("not_found", "No such pipeline");
  const call = [request.method, request.path, request.query, request.body ?? null];
  return { pipelineId, actor: caller.actor, mutation: mutationOf(request, caller, call) };
}
