import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { CommandError, badValue } from "./errors.ts";

export type Credential = { username: string; password: string };

export const MECHANISM = "SCRAM-SHA-256";
const ITERATIONS = 15_000;

/** What the server keeps of a password: enough to check it, not enough to log in with. */
export class Verifier {
  readonly username: string;
  readonly salt = randomBytes(28);
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;

  constructor({ username, password }: Credential) {
    this.username = username;
    const salted = pbkdf2Sync(password, this.salt, ITERATIONS, 32, "sha256");
    this.serverKey = hmac(salted, "Server Key");
    this.storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  }
}

/** The server's side of one SCRAM-SHA-256 conversation (RFC 5802). */
export class Conversation {
  readonly #verifier: Verifier;
  readonly #clientFirst: string;
  readonly #serverFirst: string;
  readonly #nonce: string;
  readonly #knowsUser: boolean;

  constructor(verifier: Verifier, payload: string) {
    this.#verifier = verifier;
    const start = /^n,(?:a=[^,]*)?,(n=([^,]*),r=([^,]+).*)$/.exec(payload);
    if (!start) throw badValue("Incorrect SCRAM client message");
    this.#clientFirst = start[1]!;
    this.#knowsUser = start[2]!.replace(/=2C/g, ",").replace(/=3D/g, "=") === verifier.username;
    this.#nonce = start[3]! + randomBytes(24).toString("base64");
    this.#serverFirst = `r=${this.#nonce},s=${verifier.salt.toString("base64")},i=${ITERATIONS}`;
  }

  get challenge(): string {
    return this.#serverFirst;
  }

  /** Returns the server's own proof, or fails when the client does not know the password. */
  finish(payload: string): string {
    const answer = /^(c=[^,]*,r=([^,]*)),p=(.+)$/.exec(payload);
    if (!answer || answer[2] !== this.#nonce) throw failed();
    const spoken = `${this.#clientFirst},${this.#serverFirst},${answer[1]!}`;
    const signature = hmac(this.#verifier.storedKey, spoken);
    const proof = Buffer.from(answer[3]!, "base64");
    if (proof.length !== signature.length) throw failed();
    const clientKey = Buffer.from(proof.map((byte, i) => byte ^ signature[i]!));
    const isRight = timingSafeEqual(
      createHash("sha256").update(clientKey).digest(),
      this.#verifier.storedKey,
    );
    if (!isRight || !this.#knowsUser) throw failed();
    return `v=${hmac(this.#verifier.serverKey, spoken).toString("base64")}`;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function failed(): CommandError {
  return new CommandError(18, "Authentication failed.");
}
