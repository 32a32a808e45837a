import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

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

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const keyFor = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", purpose, 32));

/** Makes a text unreadable for who has the database and not our secret. */
export function encrypt(secret: string, purpose: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyFor(secret, purpose), nonce);
  const hidden = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString("base64");
}

/** The text again; undefined when it was hidden with another secret or for another purpose. */
export function decrypt(secret: string, purpose: string, encrypted: string): string | undefined {
  const bytes = Buffer.from(encrypted, "base64");
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, keyFor(secret, purpose), nonce).setAuthTag(tag);
    const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
