import type { PipelineEventType } from "@dmtracker/shared/contracts/event.ts";
import type { MadeWebhook, Webhook, WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import { request } from "./client.ts";

const post = <T>(path: string, body: unknown = {}): Promise<T> =>
  request<T>(`/webhooks${path}`, { method: "POST", body });

export async function listWebhooks(): Promise<Webhook[]> {
  return (await request<{ webhooks: Webhook[] }>("/webhooks")).webhooks;
}

export type WantedWebhook = { url: string; pipelineId: string; events: PipelineEventType[] | null };

export function createWebhook({ url, pipelineId, events }: WantedWebhook): Promise<MadeWebhook> {
  return post("", { url, pipeline_id: pipelineId, events });
}

export function enableWebhook(id: string, enabled: boolean): Promise<unknown> {
  return request(`/webhooks/${id}`, { method: "PATCH", body: { enabled } });
}

export function deleteWebhook(id: string): Promise<unknown> {
  return request(`/webhooks/${id}`, { method: "DELETE" });
}

export const rotateSecret = (id: string): Promise<MadeWebhook> => post(`/${id}/secret`);

export async function pingWebhook(id: string): Promise<WebhookDelivery> {
  return (await post<{ delivery: WebhookDelivery }>(`/${id}/ping`)).delivery;
}

export const replayWebhook = (id: string, after: number): Promise<unknown> =>
  post(`/${id}/replay`, { after });

export async function listDeliveries(id: string): Promise<WebhookDelivery[]> {
  return (await request<{ deliveries: WebhookDelivery[] }>(`/webhooks/${id}/deliveries`)).deliveries;
}

export async function redeliver(id: string, deliveryId: string): Promise<WebhookDelivery> {
  const path = `/${id}/deliveries/${deliveryId}/redeliver`;
  return (await post<{ delivery: WebhookDelivery }>(path)).delivery;
}
