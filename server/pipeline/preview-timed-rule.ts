import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { PreviewTimedRule, RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import type { AppContext } from "#server/app-context.ts";
import { LISTED_CONTACTS } from "./preview-rule.ts";
import { quietForRule } from "./quiet-for-rule.ts";

/** What a time-based rule would do in the moment in which it is switched on. */
export async function previewTimedRule(
  app: AppContext,
  pipeline: Pipeline,
  rule: PreviewTimedRule,
): Promise<RulePreview> {
  const contacts: RulePreview["contacts"] = [];
  let total = 0;
  for await (const page of quietForRule(pipeline.id, rule, app.now().getTime())) {
    total += page.length;
    for (const { id, username, lastActivityAt } of page.slice(0, LISTED_CONTACTS - contacts.length)) {
      const status = rule.act === "abandon" ? { status: "abandoned" as const } : {};
      contacts.push({ contactId: id, username, at: lastActivityAt, ...status });
    }
  }
  return { since: null, times: total, total, contacts, partial: false };
}
