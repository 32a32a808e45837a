import { z } from "zod";
import { PipelineEventType } from "./event.ts";
import { MAX_WEBHOOK_URL_LENGTH } from "./limits.ts";
import { Id, Instant } from "./primitives.ts";

const WebhookUrl = z
  .url({ protocol: /^https?$/, message: "must be an address such as https://example.com/hooks" })
  .max(MAX_WEBHOOK_URL_LENGTH);

const EventTypes = z
  .array(PipelineEventType)
  .min(1, "name at least one type, or null for all")
  .transform((types) => [...new Set(types)]);

/** `POST /api/v1/webhooks` */
export const NewWebhook = z.strictObject({
  url: WebhookUrl,
  /** The organization's first pipeline when absent. */
  pipeline_id: Id.optional(),
  /** Types of events that are sent; null, or absent, for all. */
  events: EventTypes.nullable().default(null),
});
export type NewWebhook = z.infer<typeof NewWebhook>;

/** `PATCH /api/v1/webhooks/:webhookId`: what is absent stays. `enabled: true` also ends a pause after failures. */
export const WebhookChange = z
  .strictObject({
    url: WebhookUrl.optional(),
    events: EventTypes.nullable().optional(),
    enabled: z.boolean().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, "name at least one of: url, events, enabled");
export type WebhookChange = z.infer<typeof WebhookChange>;

/** `POST /api/v1/webhooks/:webhookId/replay`: everything after this number is sent again, in order. */
export const ReplayBody = z.strictObject({ after: z.int().min(0) });
export const WebhookIdParam = z.object({ webhookId: Id });
export const DeliveryParams = z.object({ webhookId: Id, deliveryId: Id });

/** The delivery that is tried again and again; nothing behind it is sent before it. */
export const WebhookFailure = z.object({
  since: Instant,
  attempts: z.int(),
  nextAt: Instant,
  reason: z.string(),
});
export type WebhookFailure = z.infer<typeof WebhookFailure>;

export const Webhook = z.object({
  id: Id,
  pipelineId: Id,
  url: z.string(),
  events: z.array(PipelineEventType).nullable(),
  state: z.enum(["active", "paused"]),
  /** Why it is paused, as a sentence; null while it is active. */
  pausedBecause: z.string().nullable(),
  failing: WebhookFailure.nullable(),
  /** Everything up to this number of the pipeline's log was delivered or was not subscribed to. */
  seq: z.int(),
  /** Head of that log. */
  head: z.int(),
  createdAt: Instant,
  createdBy: z.string(),
});
export type Webhook = z.infer<typeof Webhook>;

/** One try to deliver one event. */
export const WebhookDelivery = z.object({
  id: Id,
  /** The `webhook-id` that was sent: the same for every try of one event. */
  eventId: z.string(),
  type: z.string(),
  /** Number of the event; null for a ping. */
  seq: z.int().nullable(),
  at: Instant,
  ok: z.boolean(),
  /** HTTP status of the answer; null when there was none. */
  status: z.int().nullable(),
  /** What went wrong, as a sentence. */
  problem: z.string().nullable(),
  durationMs: z.int(),
  /** Beginning of the receiver's answer. */
  answer: z.string(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookList = z.object({ webhooks: z.array(Webhook) });
/** The one time that a secret is told. */
export const MadeWebhook = z.object({ webhook: Webhook, secret: z.string() });
export type MadeWebhook = z.infer<typeof MadeWebhook>;
export const DeliveryList = z.object({ deliveries: z.array(WebhookDelivery) });
