import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { isDueToWake } from "@dmtracker/shared/pipeline/parking.ts";
import type { AppContext } from "#server/app-context.ts";
import { findRunningFileImports } from "#server/bulk/bulk.store.ts";
import { changeContact } from "#server/contacts/change-contact.ts";
import { findDueToWake } from "./follow-up.store.ts";

/** Contacts that one round wakes; the rest come with the next one, which follows at once. */
const AT_ONCE = 200;
const INTERVAL_MS = 10_000;

const CLOCK: Actor = { type: "system", id: null, name: "DmTracker" };

/**
 * Writes down who has woken because their moment has come. They are awake without it: this is the line of history
 * and the word to open pages. Any number of processes may do it at once: the contact is looked at again inside the
 * commit, which only one of them wins, so each waking is one event [PK2]. Who cannot be woken now keeps nobody else
 * from it, and is tried again with the next round.
 */
export async function wakeParked(app: AppContext): Promise<void> {
  const now = app.now();
  const failed = new Set<string>();
  // Who is just being imported has no pipeline yet to be woken in.
  const unopened = (await findRunningFileImports()).flatMap(({ pipelineIds }) => pipelineIds);
  for (;;) {
    const due = await findDueToWake(now, AT_ONCE, { contactIds: [...failed], pipelineIds: unopened });
    const woken = await Promise.allSettled(
      due.map(({ organizationId, contactId, pipelineId }) =>
        changeContact(app, {
          organizationId,
          contactId,
          pipelineId,
          change: { parked: null },
          actor: CLOCK,
          when: (contact) => isDueToWake(contact, now),
        }),
      ),
    );
    for (const [index, { status }] of woken.entries())
      if (status === "rejected") failed.add(due[index]?.contactId ?? "");
    if (due.length === AT_ONCE) continue;
    if (failed.size > 0) app.logger.warn({ contacts: failed.size }, "parked contacts could not be woken");
    return;
  }
}

/**
 * Looks for contacts to wake, again and again.
 * @returns stops it, after the round that runs
 */
export function startWaking(app: AppContext, intervalMs: number = INTERVAL_MS): () => Promise<void> {
  let running: Promise<void> | undefined;
  const look = (): void => {
    running ??= wakeParked(app)
      .catch((error: unknown) => app.logger.warn({ err: error }, "parked contacts could not be woken"))
      .finally(() => (running = undefined));
  };
  look();
  const timer = setInterval(look, intervalMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
