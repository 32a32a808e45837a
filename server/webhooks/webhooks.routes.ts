import {
  DeliveryParams,
  NewWebhook,
  ReplayBody,
  WebhookChange,
  WebhookIdParam,
  type MadeWebhook,
} from "@dmtracker/shared/contracts/webhooks.ts";
import { Router } from "express";
import { findEventsAfter } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { announceOrganization } from "#server/organizations/announce-organization.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { findHeads } from "#server/pipeline/pipeline.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { changeWebhook, createWebhook, noSuchWebhook, requireWebhook } from "./save-webhook.ts";
import { webhookSecret } from "./sign-message.ts";
import { aPing, parcelOf, tryDelivery, type Parcel } from "./try-delivery.ts";
import { toWebhook, type WebhookRecord } from "./webhook.model.ts";
import { deleteWebhook, findDeliveries, findDelivery, findWebhooks, updateWebhook } from "./webhook.store.ts";

async function headOf({ pipelineId }: WebhookRecord): Promise<number> {
  const id = pipelineId.toHexString();
  return (await findHeads([id])).get(id) ?? 0;
}

const show = async (webhook: WebhookRecord) => toWebhook(webhook, await headOf(webhook));

async function showWithSecret(app: AppContext, webhook: WebhookRecord): Promise<MadeWebhook> {
  const { _id, generation } = webhook;
  const secret = webhookSecret(app.env.authSecret, _id.toHexString(), generation);
  return { webhook: await show(webhook), secret };
}

/** The event of a delivery, from the log. @throws AppError not_found when it was forgotten meanwhile */
async function parcelAgain(app: AppContext, webhook: WebhookRecord, deliveryId: string): Promise<Parcel> {
  const pipelineId = webhook.pipelineId.toHexString();
  const delivery = await findDelivery(webhook._id.toHexString(), deliveryId);
  if (!delivery) throw new AppError("not_found", "No such delivery");
  if (delivery.seq === null) return aPing(pipelineId, app.now());
  const [event] = await findEventsAfter(pipelineId, delivery.seq - 1, 1);
  if (event?.seq !== delivery.seq) throw new AppError("not_found", "This event is not kept any more");
  return parcelOf(event);
}

export function webhooksRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/webhooks", async (_request, response) => {
    const webhooks = await findWebhooks(callerOf(response).organizationId);
    const heads = await findHeads(webhooks.map(({ pipelineId }) => pipelineId.toHexString()));
    answer(response, {
      webhooks: webhooks.map((one) => toWebhook(one, heads.get(one.pipelineId.toHexString()) ?? 0)),
    });
  });

  router.post("/webhooks", async (request, response) => {
    const webhook = await createWebhook(app, callerOf(response), NewWebhook.parse(request.body ?? {}));
    answer(
      response,
      await showWithSecret(app, webhook),
      "Webhook created: its secret is shown this once",
      201,
    );
  });

  router.patch("/webhooks/:webhookId", async (request, response) => {
    const { webhookId: id } = WebhookIdParam.parse(request.params);
    const change = WebhookChange.parse(request.body ?? {});
    const webhook = await changeWebhook(app, callerOf(response), { id, change });
    app.webhooks.hint();
    answer(response, { webhook: await show(webhook) }, "Webhook saved");
  });

  router.delete("/webhooks/:webhookId", async (request, response) => {
    const { webhookId } = WebhookIdParam.parse(request.params);
    const { organizationId, actor } = callerOf(response);
    if (!(await deleteWebhook(organizationId, webhookId))) throw noSuchWebhook();
    await announceOrganization(app, organizationId, actor);
    answer(response, {}, "Webhook deleted");
  });

  router.post("/webhooks/:webhookId/secret", async (request, response) => {
    const { webhookId } = WebhookIdParam.parse(request.params);
    const { organizationId } = callerOf(response);
    const { generation } = await requireWebhook(organizationId, webhookId);
    const change = { generation: generation + 1, rotatedAt: app.now() };
    const webhook = await updateWebhook(organizationId, webhookId, change);
    if (!webhook) throw noSuchWebhook();
    answer(response, await showWithSecret(app, webhook), "New secret: the old one signs along for a day");
  });

  router.post("/webhooks/:webhookId/ping", async (request, response) => {
    const { webhookId } = WebhookIdParam.parse(request.params);
    const webhook = await requireWebhook(callerOf(response).organizationId, webhookId);
    const ping = aPing(webhook.pipelineId.toHexString(), app.now());
    answer(response, { delivery: await tryDelivery(app, webhook, ping) }, "Ping sent");
  });

  router.post("/webhooks/:webhookId/replay", async (request, response) => {
    const { webhookId } = WebhookIdParam.parse(request.params);
    const { organizationId } = callerOf(response);
    const { after } = ReplayBody.parse(request.body ?? {});
    const known = await requireWebhook(organizationId, webhookId);
    if (after > (await headOf(known))) throw invalidField("after", "must not be ahead of the log");
    const change = { seq: after, failing: null, nextAt: app.now() };
    const webhook = await updateWebhook(organizationId, webhookId, change);
    if (!webhook) throw noSuchWebhook();
    app.webhooks.hint();
    answer(response, { webhook: await show(webhook) }, "Everything after it is sent again, in order");
  });

  router.get("/webhooks/:webhookId/deliveries", async (request, response) => {
    const { webhookId } = WebhookIdParam.parse(request.params);
    await requireWebhook(callerOf(response).organizationId, webhookId);
    answer(response, { deliveries: await findDeliveries(webhookId) });
  });

  router.post("/webhooks/:webhookId/deliveries/:deliveryId/redeliver", async (request, response) => {
    const { webhookId, deliveryId } = DeliveryParams.parse(request.params);
    const webhook = await requireWebhook(callerOf(response).organizationId, webhookId);
    const parcel = await parcelAgain(app, webhook, deliveryId);
    answer(response, { delivery: await tryDelivery(app, webhook, parcel) }, "Sent again");
  });

  return router;
}
