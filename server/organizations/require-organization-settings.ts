import type { Request } from "express";
import type { AppContext } from "#server/app-context.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { callerOf } from "./guard.ts";
import type { OrganizationCall } from "./change-organization.ts";

/**
 * Every door to what belongs to the whole organization goes through here: owner or admin.
 */
export function requireOrganizationSettings(app: AppContext, request: Request): OrganizationCall {
  const caller = callerOf(request.res);
  const call = [request.method, request.path, request.body ?? null];
  const mutation = mutationOf(request, caller, call);
  return { organizationId: caller.organizationId, actor: caller.actor, mutation };
}
