import { createHmac } from "node:crypto";
import type { MadeWebhook, Webhook, WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import { call } from "./http.ts";
import { aReceiver, type Received, type Receiver } from "./receiver.ts";
import type { TestOrganization, TestServer } from "./server.ts";

export type Hook = { organization: TestOrganization; receiver: Receiver; secret: string; id: string };

/** A clock for webhooks that wait for hours and days: it is now, and as much later as a test lets pass. */
export function aClock() {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    pass: (ms: number): void => void (ahead += ms),
  };
}

export function isSignedBy(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
  const wanted = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  return String(headers["webhook-signature"]).split(" ").includes(wanted);
}

/** What one does with webhooks, and what makes them send. */
export function webhooksAt(server: TestServer) {
  const { url } = server;
  const ask = <T>({ owner }: TestOrganization, method: string, path: string, body?: unknown) =>
    call<T>(url, method, `/webhooks${path}`, {
      cookie: owner.cookie,
      ...(body !== undefined && { body }),
    });

  async function aHook(more: object = {}): Promise<Hook> {
    const organization = await server.anOrganization();
    const receiver = await aReceiver();
    const { body } = await ask<MadeWebhook>(organization, "POST", "", { url: receiver.url, ...more });
    const { secret, webhook } = body.data;
    return { organization, receiver, secret, id: webhook.id };
  }

  const create = async ({ token }: TestOrganization, username: string): Promise<number> => {
    const { body } = await call<{ seq: number }>(url, "POST", "/organization/create-contact", {
      token,
      body: { username },
    });
    return body.data.seq;
  };

  const show = async ({ organization, id }: Hook): Promise<Webhook> => {
    const { body } = await ask<{ webhooks: Webhook[] }>(organization, "GET", "");
    return body.data.webhooks.find((one) => one.id === id) as Webhook;
  };
  const deliveries = async ({ organization, id }: Hook): Promise<WebhookDelivery[]> =>
    (await ask<{ deliveries: WebhookDelivery[] }>(organization, "GET", `/${id}/deliveries`)).body.data
      .deliveries;

  return { ask, aHook, create, show, deliveries };
}
