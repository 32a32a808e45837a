import { createHash } from "node:crypto";
import type { Request } from "express";
import type { Caller } from "#server/organizations/caller.ts";
import { invalidField } from "#server/platform/app-error.ts";
import type { Mutation } from "./mutation.store.ts";

const MAX_KEY_LENGTH = 255;

/**
 * `Idempotency-Key`: the same key and call of the same caller get the same answer. `call` is what was understood,
 * after parsing, so that the order of keys in a body or a slash in a path makes no other call of it.
 */
export function mutationOf(request: Request, { actor }: Caller, call: unknown): Mutation | undefined {
  const key = request.get("idempotency-key");
  if (key === undefined) return undefined;
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw invalidField("Idempotency-Key", `must have 1 to ${MAX_KEY_LENGTH} characters`);
  }
  return {
    id: `${actor.type}:${actor.id ?? ""}:${key}`,
    fingerprint: createHash("sha256").update(JSON.stringify(call)).digest("hex"),
  };
}
