import { z } from "zod";
import { ERROR_STATUS } from "./error-codes.ts";

export type ErrorCode = keyof typeof ERROR_STATUS;

export const Issue = z.object({ path: z.string(), message: z.string() });
export type Issue = z.infer<typeof Issue>;

/** Who has changed a field since the caller saw it, and what stands there now. */
export const ConflictDetails = z.object({
  field: z.string(),
  theirs: z.unknown(),
  by: z.string(),
  at: z.string().nullable(),
});
export type ConflictDetails = z.infer<typeof ConflictDetails>;

export const ErrorBody = z.object({
  code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  issues: z.array(Issue),
  /** Only with the code `conflict`. */
  conflict: ConflictDetails.optional(),
  /** With `internal`: what to look for in the server's log. */
  request_id: z.string().optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
