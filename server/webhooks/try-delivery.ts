import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import { randomUUID } from "node:crypto";
import type { AppContext } from "#server/app-context.ts";
import { InnerAddressError } from "#server/platform/public-address.ts";
import { signMessage, webhookSecret } from "./sign-message.ts";
import type { WebhookRecord } from "./webhook.model.ts";
import { insertDelivery, type Tried } from "./webhook.store.ts";

/** A receiver has this long to learn a new secret: until then both sign. */
const OLD_SECRET_MS = 86_400_000;

/** What is sent: an event of the log as everybody else gets it, or a ping. */
export type Parcel = { id: string; type: string; at: string; seq: number | null; content: object };

export const parcelOf = (event: PipelineEvent): Parcel => ({
  id: `evt_${event.pipelineId}_${event.seq}`,
  type: event.type,
  at: event.at,
  seq: event.seq,
  content: event,
});

export const aPing = (pipelineId: string, now: Date): Parcel => ({
  id: `ping_${randomUUID()}`,
  type: "ping",
  at: now.toISOString(),
  seq: null,
  content: { pipelineId },
});

function headersFor(app: AppContext, webhook: WebhookRecord, { id }: Parcel, body: string) {
  const { _id, generation, rotatedAt } = webhook;
  const now = app.now().getTime();
  const timestamp = Math.floor(now / 1_000);
  const bothSign = rotatedAt !== null && now - rotatedAt.getTime() < OLD_SECRET_MS;
  const signatures = (bothSign ? [generation, generation - 1] : [generation]).map((each) =>
    signMessage(webhookSecret(app.env.authSecret, _id.toHexString(), each), { id, timestamp, body }),
  );
  return {
    "content-type": "application/json",
    "user-agent": "DmTracker-Webhooks",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}

function describeStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `It answered ${status}: redirects are not followed`;
  return `It answered ${status}`;
}

/** What went wrong, in words for the owner of the webhook and with nothing about our network in it. */
function describeFailure(error: unknown, answerWithinMs: number): string {
  if (error instanceof InnerAddressError) return error.message;
  const { name, code } = error as { name?: string; code?: string };
  if (name === "TimeoutError" || name === "AbortError") return `No answer within ${answerWithinMs / 1_000} s`;
  const known: Record<string, string> = {
    ECONNREFUSED: "The connection was refused",
    ECONNRESET: "The connection was cut",
    ENOTFOUND: "There is no such host",
    EAI_AGAIN: "The name of the host could not be looked up",
    EHOSTUNREACH: "The host cannot be reached",
    ETIMEDOUT: "The host does not answer",
  };
  if (code !== undefined && known[code]) return known[code];
  return code?.startsWith("ERR_TLS") || code?.includes("CERT")
    ? `Its certificate is not valid (${code})`
    : "The connection failed";
}

type Sent = Pick<Tried, "ok" | "status" | "problem" | "answer">;

async function post(
  app: AppContext,
  webhook: WebhookRecord,
  parcel: Parcel,
  stop?: AbortSignal,
): Promise<Sent> {
  const body = JSON.stringify({ type: parcel.type, timestamp: parcel.at, data: parcel.content });
  const headers = headersFor(app, webhook, parcel, body);
  const { outbox } = app;
  try {
    const { status, answer } = await outbox.post({ url: webhook.url, headers, body }, stop);
    const problem = describeStatus(status);
    return { ok: problem === null, status, problem, answer };
  } catch (error) {
    // A process that stops has not tried: whoever takes over does.
    if (stop?.aborted) throw error;
    return { ok: false, status: null, problem: describeFailure(error, outbox.answerWithinMs), answer: "" };
  }
}

/** Sends one parcel once and remembers what came of it. @throws when `stop` ends it */
export async function tryDelivery(
  app: AppContext,
  webhook: WebhookRecord,
  parcel: Parcel,
  stop?: AbortSignal,
): Promise<WebhookDelivery> {
  const started = performance.now();
  const at = app.now();
  const sent = await post(app, webhook, parcel, stop);
  const { id: eventId, type, seq } = parcel;
  const durationMs = Math.round(performance.now() - started);
  return insertDelivery(webhook, { ...sent, eventId, type, seq, at, durationMs });
}
