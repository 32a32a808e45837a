import type { Request } from "express";
import type { AppContext } from "#server/app-context.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { requireAdmin, requireCaller } from "./caller.ts";
import type { OrganizationCall } from "./change-organization.ts";

/**
 * Every door to what belongs to the whole organization goes through here: owner or admin.
 * @throws AppError unauthenticated, forbidden
 */
export async function requireOrganizationSettings(
  app: AppContext,
  request: Request,
): Promise<OrganizationCall> {
  const caller = await requireCaller(app, request.headers);
  requireAdmin(caller);
  const call = [request.method, request.path, request.body ?? null];
  const mutation = mutationOf(request, caller, call);
  return { organizationId: caller.organizationId, actor: caller.actor, mutation };
}
