import type { AppContext } from "#server/app-context.ts";
import { changeOrganization, type OrganizationCall } from "./change-organization.ts";
import { findOrganization, saveOrganizationName } from "./member.store.ts";

/** Its name on every open page; addresses and tokens do not depend on it. */
export function renameOrganization(app: AppContext, call: OrganizationCall, name: string): Promise<string> {
  const { organizationId } = call;
  return changeOrganization(app, call, async ({ batch }) => {
    const organization = await findOrganization(app.auth, organizationId);
    if (organization?.name !== name)
      batch.effects.push(() => saveOrganizationName(app.auth, organizationId, name));
    return name;
  });
}
