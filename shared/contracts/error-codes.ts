import type { ErrorCode } from "./errors.ts";

// Apart from the schemas, so that a page can know a code without loading a validator.

/** Every code a client can meet, with the HTTP status it travels under. */
export const ERROR_STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  /** Signed in, but no member of the organization that was open. */
  no_organization: 403,
  not_found: 404,
  unknown_stage: 404,
  /** The contact was removed: it can be restored. */
  removed: 410,
  conflict: 409,
  duplicate: 409,
  key_reused: 409,
  trigger_taken: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  busy: 503,
  stopping: 503,
  internal: 500,
} as const;

/** Refusals that pass by themselves: the same call may be sent again. */
export const TEMPORARY_ERRORS: ReadonlySet<ErrorCode> = new Set(["busy", "stopping", "rate_limited"]);
