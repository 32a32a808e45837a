import { createHash, createHmac } from "node:crypto";
import type { Request, Response } from "express";
import type { Caller } from "#server/organizations/caller.ts";
import type { Locals } from "#server/organizations/guard.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { NO_ORGANIZATION, type ClaimedCall, type Mutation } from "./mutation.store.ts";

const MAX_KEY_LENGTH = 255;

function keyOf(request: Request): string | undefined {
  const key = request.get("idempotency-key");
  if (key === undefined) return undefined;
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw invalidField("Idempotency-Key", `must have 1 to ${MAX_KEY_LENGTH} characters`);
  }
  return key;
}

const nameOf = ({ actor }: Caller): string => `${actor.type}:${actor.id ?? ""}`;

/**
 * `Idempotency-Key`: the same key and call of the same caller get the same answer. `call` is what was understood,
 * after parsing, so that the order of keys in a body or a slash in a path makes no other call of it.
 */
export function mutationOf(request: Request, caller: Caller, call: unknown): Mutation | undefined {
  const key = keyOf(request);
  if (key === undefined) return undefined;
  return {
    id: `${nameOf(caller)}:${key}`,
    fingerprint: createHash("sha256").update(JSON.stringify(call)).digest("hex"),
  };
}

/** The order in which a body was written makes no other call of it. */
const inOrder = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

function describeCall({ method, path, query, body }: Request): string {
  try {
    return JSON.stringify([method, path, query, (body as unknown) ?? null], inOrder);
  } catch {
    throw new AppError("invalid", "The body is nested too deeply");
  }
}

/** Whose key it is: of somebody in an organization, of a person, or of an address where nobody has signed in. */
function scopeOf({ caller, person }: Locals, address: string): { organizationId: string; name: string } {
  if (caller) return { organizationId: caller.organizationId, name: nameOf(caller) };
  return { organizationId: NO_ORGANIZATION, name: person ? `user:${person.user.id}` : `address:${address}` };
}

/**
 * A call by what was sent, for endpoints that have no understanding of their own of what makes two calls the same.
 * Bodies may hold passwords: without `secret` nobody can try which one makes the fingerprint.
 */
export function claimedCallOf(request: Request, response: Response, secret: string): ClaimedCall | undefined {
  const key = keyOf(request);
  if (key === undefined) return undefined;
  const { organizationId, name } = scopeOf(response.locals as Locals, request.ip ?? "");
  return {
    organizationId,
    id: `${name}:${key}`,
    fingerprint: createHmac("sha256", secret).update(describeCall(request)).digest("hex"),
  };
}
