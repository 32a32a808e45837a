import { PREVIEW_DAYS } from "@dmtracker/shared/contracts/limits.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { PreviewedContact, PreviewRule, RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { simulateRule, type Simulated } from "@dmtracker/shared/pipeline/simulate-rule.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMovesSince } from "#server/activity/recent-moves.store.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { inPastGate } from "./past-gate.ts";

const DAY_MS = 86_400_000;
/** Events that one preview reads at most. */
const MAX_READ = 100_000;
export const LISTED_CONTACTS = 100;

const NOT_SAVED = "0".repeat(24);

const toPreviewed = ({ contactId, username, at, effect }: Simulated): PreviewedContact => ({
  contactId,
  username,
  at,
  ...(effect.stageId === undefined ? {} : { stageId: effect.stageId }),
  ...(effect.status === undefined ? {} : { status: effect.status }),
});

/**
 * What a rule would have done to the events of the last days, decided by the function that decides live.
 * @throws AppError invalid
 */
export async function previewRule(
  app: AppContext,
  pipeline: Pipeline,
  { ruleId, ...wanted }: PreviewRule,
): Promise<RulePreview> {
  if (!pipeline.stages.some(({ id }) => id === wanted.stageId))
    throw invalidField("stageId", "must be a stage of this pipeline");
  const since = new Date(app.now().getTime() - PREVIEW_DAYS * DAY_MS);
  const rule = { ...wanted, id: ruleId ?? NOT_SAVED, enabled: true };
  const { acts, partial } = await inPastGate(async () => {
    const { events, partial } = await findMovesSince(pipeline.id, since, MAX_READ);
    return { acts: simulateRule(events, rule, pipeline), partial };
  });
  // The last time counts: a contact that it would have changed twice is one contact.
  const latest = new Map(acts.map((act) => [act.contactId, toPreviewed(act)]));
  const contacts = [...latest.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return {
    since: since.toISOString(),
    times: acts.length,
    total: contacts.length,
    contacts: contacts.slice(0, LISTED_CONTACTS),
    partial,
  };
}
