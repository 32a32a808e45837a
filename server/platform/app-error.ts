import type { ConflictDetails, ErrorCode, Issue } from "@dmtracker/shared/contracts/errors.ts";

/** A refusal that a caller may see. Anything else that is thrown is a bug and leaves as `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[];
  /** When the same call may come again; a second when it is not said. */
  readonly retryAfterS: number | undefined;
  readonly conflict: ConflictDetails | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      issues?: Issue[];
      conflict?: ConflictDetails | undefined;
      cause?: unknown;
      retryAfterS?: number;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterS = options.retryAfterS;
    this.conflict = options.conflict;
  }
}

/** A refusal about one named input. */
export function invalidField(path: string, message: string): AppError {
  return new AppError("invalid", message, { issues: [{ path, message }] });
}
