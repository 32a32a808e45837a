import type { ErrorCode, Issue } from "@dmtracker/shared/contracts/errors.ts";

/** A refusal that a caller may see. Anything else that is thrown is a bug and leaves as `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[];

  constructor(code: ErrorCode, message: string, options: { issues?: Issue[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.issues = options.issues ?? [];
  }
}

/** A refusal about one named input. */
export function invalidField(path: string, message: string): AppError {
  return new AppError("invalid", message, { issues: [{ path, message }] });
}
