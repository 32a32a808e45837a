import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { Caller } from "./caller.ts";
import { findOrganization } from "./member.store.ts";

const mismatch = (path: string) =>
  new AppError("forbidden", `${path} is not the organization of this token`, {
    issues: [{ path, message: "must be left out or name the caller's own organization" }],
  });

/** A body can never choose another tenant: naming one that is not the caller's own is refused. */
export async function requireOwnOrganization(
  app: AppContext,
  { organizationId }: Caller,
  named: { organization_id?: string | undefined; page_name?: string | undefined },
): Promise<void> {
  if (named.organization_id !== undefined && named.organization_id !== organizationId) {
    throw mismatch("organization_id");
  }
  if (named.page_name === undefined) return;
  const organization = await findOrganization(app.auth, organizationId);
  const isOwn = organization?.name.trim().toLowerCase() === named.page_name.trim().toLowerCase();
  if (!isOwn) throw mismatch("page_name");
}
