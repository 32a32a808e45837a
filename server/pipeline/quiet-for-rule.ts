import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { TimedRule } from "@dmtracker/shared/contracts/pipeline.ts";
import { isDueFor, quietSince } from "@dmtracker/shared/pipeline/timed-rules.ts";
import { findQuietContacts, type QuietPlace } from "#server/contacts/quiet-contacts.store.ts";

const PAGE = 200;

/** The contacts that a time-based rule acts on now, page by page, the longest quiet first. */
export async function* quietForRule(
  pipelineId: string,
  rule: Pick<TimedRule, "act" | "days">,
  now: number,
): AsyncGenerator<Contact[]> {
  let after: QuietPlace | undefined;
  for (;;) {
    const page = await findQuietContacts(pipelineId, new Date(quietSince(rule, now)), { after, limit: PAGE });
    yield page.filter((contact) => isDueFor(rule, contact, now));
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = { lastActivityAt: last.lastActivityAt, id: last.id };
  }
}
