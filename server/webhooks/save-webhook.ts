import { MAX_WEBHOOKS } from "@dmtracker/shared/contracts/limits.ts";
import type { NewWebhook, WebhookChange } from "@dmtracker/shared/contracts/webhooks.ts";
import type { AppContext } from "#server/app-context.ts";
import { announceOrganization } from "#server/organizations/announce-organization.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { findHeads } from "#server/pipeline/pipeline.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { addressIn, isPublicAddress } from "#server/platform/public-address.ts";
import type { WebhookRecord } from "./webhook.model.ts";
import { findWebhook, findWebhooks, insertWebhook, updateWebhook } from "./webhook.store.ts";

export const noSuchWebhook = (): AppError => new AppError("not_found", "No such webhook");

/** @throws AppError not_found */
export async function requireWebhook(organizationId: string, id: string): Promise<WebhookRecord> {
  const webhook = await findWebhook(organizationId, id);
  if (!webhook) throw noSuchWebhook();
  return webhook;
}

/** A name is looked up with every delivery; what can be seen in the address itself is refused at once. */
function requireReachable({ env }: AppContext, url: string): void {
  const { protocol, hostname, username, password } = new URL(url);
  if (username || password) throw invalidField("url", "must not hold a name or password");
  if (env.webhooksMayReachInner) return;
  if (protocol !== "https:") throw invalidField("url", "must start with https://");
  const address = addressIn(hostname);
  const isInner =
    address === undefined
      ? !hostname.includes(".") || /\.(localhost|local|internal)\.?$/i.test(hostname)
      : !isPublicAddress(address);
  if (isInner) throw invalidField("url", "must be an address of the public internet");
}

/** Begins at the head of the log: what came before can be had by a replay. */
export async function createWebhook(
  app: AppContext,
  { organizationId, actor }: Caller,
  { url, events, pipeline_id: named }: NewWebhook,
): Promise<WebhookRecord> {
  requireReachable(app, url);
  const pipelineId = await resolvePipelineId(organizationId, named);
  if ((await findWebhooks(organizationId)).length >= MAX_WEBHOOKS) {
    throw invalidField("url", `There are ${MAX_WEBHOOKS} webhooks already`);
  }
  const now = app.now();
  const seq = (await findHeads([pipelineId])).get(pipelineId) ?? 0;
  const webhook = await insertWebhook({
    organizationId,
    pipelineId,
    url,
    events,
    pausedBecause: null,
    seq,
    failing: null,
    nextAt: now,
    generation: 1,
    rotatedAt: null,
    tries: 0,
    createdAt: now,
    createdBy: actor.name,
  });
  await announceOrganization(app, organizationId, actor);
  return webhook;
}

/** What is switched on again goes on where it stood, at once. */
export async function changeWebhook(
  app: AppContext,
  { organizationId, actor }: Caller,
  { id, change }: { id: string; change: WebhookChange },
): Promise<WebhookRecord> {
  const { url, events, enabled } = change;
  if (url !== undefined) requireReachable(app, url);
  const webhook = await updateWebhook(organizationId, id, {
    ...(url !== undefined && { url }),
    ...(events !== undefined && { events }),
    ...(enabled === false && { pausedBecause: `Paused by ${actor.name}.` }),
    ...((enabled === true || url !== undefined) && { failing: null, nextAt: app.now() }),
    ...(enabled === true && { pausedBecause: null }),
  });
  if (!webhook) throw noSuchWebhook();
  await announceOrganization(app, organizationId, actor);
  return webhook;
}
