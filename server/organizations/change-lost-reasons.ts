import type { ListedReason } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import type { AppContext } from "#server/app-context.ts";
import { throwRefusal } from "#server/contacts/change-contact.ts";
import type { OrganizationCall } from "./change-organization.ts";
import { changeSettings } from "./change-settings.ts";

type Decided = { ok: true; reasons: ListedReason[]; reason: ListedReason } | Refusal;

/** Decided on the list as it is by then, so that two people who change it at once both have their way. */
export function changeLostReasons(
  app: AppContext,
  call: OrganizationCall,
  decide: (reasons: readonly ListedReason[]) => Decided,
): Promise<ListedReason> {
  return changeSettings(app, call, ({ lostReasons }) => {
    const decided = decide(lostReasons);
    if (!decided.ok) throwRefusal(decided);
    return { changed: { lostReasons: decided.reasons }, answer: decided.reason };
  });
}
