import { createHmac, timingSafeEqual } from "node:crypto";

const macOf = (secret: string, purpose: string, value: string): string =>
  createHmac("sha256", secret).update(`${purpose}:${value}`).digest("base64url");

/** Makes a value into text that only we can have made, for one purpose: good for links, needs no storage. */
export function seal(secret: string, purpose: string, value: string): string {
  return `${Buffer.from(value).toString("base64url")}.${macOf(secret, purpose, value)}`;
}

/** The value inside; undefined when it was made by somebody else or for something else. */
export function unseal(secret: string, purpose: string, sealed: string): string | undefined {
  const [encoded = "", mac = ""] = sealed.split(".");
  const value = Buffer.from(encoded, "base64url").toString();
  const wanted = Buffer.from(macOf(secret, purpose, value));
  const given = Buffer.from(mac);
  return wanted.length === given.length && timingSafeEqual(wanted, given) ? value : undefined;
}
