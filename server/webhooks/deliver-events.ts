import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import { findEventsAfter } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { holdLease } from "#server/platform/lease.store.ts";
import { parcelOf, tryDelivery } from "./try-delivery.ts";
import type { WebhookRecord } from "./webhook.model.ts";
import { moveOn, reloadWebhook } from "./webhook.store.ts";

/** A lease is longer than one try can take: whoever holds it is at work. */
const TRIES_IN_A_LEASE = 3;
const PAGE = 100;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
const GIVE_UP_AFTER_MS = 3 * 86_400_000;
/** The receiver says that it is gone for good. */
const GONE = 410;

export const webhookLease = (id: string): string => `webhook:${id}`;

/** Twice as long each time, and a little apart, so that what failed together does not come back together. */
function waitAfter(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1)) * (1 + Math.random() / 10);
}

const isWanted = ({ events }: WebhookRecord, { type }: PipelineEvent): boolean =>
  events === null || events.includes(type);

/** Nothing is skipped: the same event comes again later, and after three days the webhook rests until somebody looks. */
async function noteFailure(
  app: AppContext,
  webhook: WebhookRecord,
  delivery: WebhookDelivery,
): Promise<void> {
  const now = app.now();
  const { failing } = webhook;
  const since = failing?.since ?? now;
  const attempts = (failing?.attempts ?? 0) + 1;
  const reason = delivery.problem ?? "It failed";
  const isGone = delivery.status === GONE;
  const isOver = now.getTime() - since.getTime() >= GIVE_UP_AFTER_MS;
  const because = isGone
    ? "The receiver answered 410: it does not want any more."
    : `Nothing could be delivered for three days. The last try: ${reason}.`;
  await moveOn(webhook, {
    failing: { since, attempts, reason },
    nextAt: new Date(now.getTime() + waitAfter(attempts)),
    ...((isGone || isOver) && { pausedBecause: because }),
  });
}

/** @returns the webhook as it stands after this event; undefined when there is nothing more to do now */
async function deliverOne(
  app: AppContext,
  webhook: WebhookRecord,
  event: PipelineEvent,
  stop: AbortSignal,
): Promise<WebhookRecord | undefined> {
  const delivery = await tryDelivery(app, webhook, parcelOf(event), stop);
  if (!delivery.ok) {
    await noteFailure(app, webhook, delivery);
    return undefined;
  }
  const after = { seq: event.seq, failing: null };
  return (await moveOn(webhook, after)) ? { ...webhook, ...after } : undefined;
}

type Turn = {
  id: string;
  holder: string;
  stop: AbortSignal;
  /** Others have waited long enough: what is left comes with the next turn. */
  mustYield: () => boolean;
};

/**
 * Sends what a webhook has not got yet, one event after the other, in the order of the log. Its place in the log is
 * saved after every event: a process that ends in between leaves at most one event that is sent twice.
 */
export async function deliverEvents(app: AppContext, { id, holder, stop, mustYield }: Turn): Promise<void> {
  const forMs = TRIES_IN_A_LEASE * app.outbox.answerWithinMs;
  const stillOurs = () => holdLease(webhookLease(id), holder, { now: app.now(), forMs });
  if (!(await stillOurs())) return;
  let webhook = await reloadWebhook(id);
  while (webhook && webhook.pausedBecause === null && webhook.nextAt <= app.now()) {
    const events = await findEventsAfter(webhook.pipelineId.toHexString(), webhook.seq, PAGE);
    const last = events.at(-1);
    if (!last) return;
    for (const event of events.filter((each) => isWanted(webhook as WebhookRecord, each))) {
      if (stop.aborted || mustYield() || !(await stillOurs())) return;
      webhook = await deliverOne(app, webhook, event, stop);
      if (!webhook) return;
    }
    if (webhook.seq < last.seq) {
      if (!(await moveOn(webhook, { seq: last.seq }))) return;
      webhook = { ...webhook, seq: last.seq };
    }
  }
}
