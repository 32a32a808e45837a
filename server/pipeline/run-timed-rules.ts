import { randomUUID } from "node:crypto";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline, TimedRule } from "@dmtracker/shared/contracts/pipeline.ts";
import { changeOf, describeTimedRule, isDueFor } from "@dmtracker/shared/pipeline/timed-rules.ts";
import type { AppContext } from "#server/app-context.ts";
import { changeContact } from "#server/contacts/change-contact.ts";
import { endLease, holdLease } from "#server/platform/lease.store.ts";
import { findPipelinesWithTimedRules } from "./pipeline.store.ts";
import { quietForRule } from "./quiet-for-rule.ts";

const LEASE = "timed-rules";
/** Longer than a sweep may go without a sign of life: then another process takes over. */
const LEASE_MS = 120_000;

/** Says whether this process still is the one. */
type StillOurs = () => Promise<boolean>;

async function runRule(
  app: AppContext,
  { id: pipelineId, organizationId }: Pipeline,
  rule: TimedRule,
  stillOurs: StillOurs,
): Promise<number> {
  const actor: Actor = { type: "automation", id: rule.id, name: describeTimedRule(rule) };
  const at = app.now();
  const now = at.getTime();
  let changed = 0;
  for await (const page of quietForRule(pipelineId, rule, now)) {
    if (!(await stillOurs())) break;
    const answers = await Promise.allSettled(
      page.map(({ id: contactId }) =>
        changeContact(app, {
          organizationId,
          pipelineId,
          contactId,
          actor,
          change: changeOf(rule, at.toISOString()),
          at,
          // Judged once more in the commit itself: somebody may have written, or switched the rule off, meanwhile.
          when: (contact, { timedRules = [] }) =>
            timedRules.some(({ id, enabled }) => enabled && id === rule.id) && isDueFor(rule, contact, now),
        }),
      ),
    );
    changed += answers.filter((each) => each.status === "fulfilled" && each.value.changed.length > 0).length;
    const failed = answers.filter((each) => each.status === "rejected");
    if (failed.length === 0) continue;
    const err: unknown = failed[0]?.reason;
    app.logger.warn(
      { err, pipeline: pipelineId, contacts: failed.length },
      "a time-based rule failed for some",
    );
    // Who cannot be changed keeps nobody else waiting; where nobody can be, going on is of no use.
    if (failed.length > 1 && failed.length === page.length) break;
  }
  return changed;
}

/**
 * Lets every time-based rule act on the contacts that are due for it. Any process may call this at any time: what is
 * due rests on the contacts alone and is judged in the commit, so each contact is changed once however many call it,
 * and what fell due while nothing ran is found by the next call. The lease only spares the others the work [TB1].
 * @returns how many contacts were changed; undefined when another process has the lease
 */
export async function runTimedRules(app: AppContext, holder: string): Promise<number | undefined> {
  const stillOurs = () => holdLease(LEASE, holder, { now: app.now(), forMs: LEASE_MS });
  if (!(await stillOurs())) return undefined;
  let changed = 0;
  for (const pipeline of await findPipelinesWithTimedRules())
    changed += await runPipeline(app, pipeline, stillOurs);
  return changed;
}

/** What fails in one pipeline must not keep the rules of all others from acting: the next look tries it again. */
async function runPipeline(app: AppContext, pipeline: Pipeline, stillOurs: StillOurs): Promise<number> {
  let changed = 0;
  try {
    for (const rule of pipeline.timedRules ?? []) {
      if (rule.enabled) changed += await runRule(app, pipeline, rule, stillOurs);
    }
  } catch (error) {
    app.logger.warn({ err: error, pipeline: pipeline.id }, "time-based rules of a pipeline could not run");
  }
  return changed;
}

/**
 * Looks every so often. The timer decides nothing: it is only how soon what is due is noticed.
 * @returns stops looking, and waits for a look that is under way
 */
export function watchTimedRules(app: AppContext, everyMs: number): () => Promise<void> {
  const holder = randomUUID();
  let looking: Promise<unknown> = Promise.resolve();
  let isLooking = false;
  const look = (): void => {
    if (isLooking) return;
    isLooking = true;
    looking = runTimedRules(app, holder)
      .catch((error: unknown) => app.logger.warn({ err: error }, "time-based rules could not run"))
      .finally(() => (isLooking = false));
  };
  const timer = setInterval(look, everyMs);
  look();
  return async () => {
    clearInterval(timer);
    await looking;
    await endLease(LEASE, holder);
  };
}
