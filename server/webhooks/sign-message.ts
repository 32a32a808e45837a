import { createHmac } from "node:crypto";

const PREFIX = "whsec_";

/**
 * The secret of a webhook. It is derived from the server's own and stored nowhere: a copy of the database signs
 * nothing. A new generation is a new secret.
 */
export function webhookSecret(authSecret: string, webhookId: string, generation: number): string {
  const key = createHmac("sha256", authSecret).update(`webhook:${webhookId}:${generation}`).digest("base64");
  return PREFIX + key;
}

export type Message = { id: string; timestamp: number; body: string };

/** One signature as standardwebhooks.com defines it: HMAC-SHA256 over id, time and body. */
export function signMessage(secret: string, { id, timestamp, body }: Message): string {
  const key = Buffer.from(secret.slice(PREFIX.length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return `v1,${signature}`;
}
