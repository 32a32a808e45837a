import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import { ZodError } from "zod";
import { AppError } from "./app-error.ts";

type HttpError = Error & { status: number; type?: string };

function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && typeof (error as Partial<HttpError>).status === "number";
}

/** One sentence that names every field that was wrong and what is allowed there. */
function describeIssues(issues: ErrorBody["issues"]): string {
  return issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
}

function fromZod(error: ZodError): ErrorBody {
  const issues = error.issues.flatMap((issue) => {
    const path = issue.path.join(".");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join("."),
      message: "is not a known field",
    }));
  });
  return { code: "invalid", message: describeIssues(issues), issues };
}

/** body-parser and Express raise errors with a status of their own; their texts may quote input, ours do not. */
function fromHttp({ status, type }: HttpError): ErrorBody | undefined {
  if (status === 413) return { code: "too_large", message: "The request is larger than allowed", issues: [] };
  if (status === 415) return { code: "unsupported_media_type", message: "Send JSON in UTF-8", issues: [] };
  if (type === "entity.parse.failed")
    return { code: "invalid", message: "The body is not valid JSON", issues: [] };
  if (status >= 400 && status < 500)
    return { code: "invalid", message: "The request is malformed", issues: [] };
  return undefined;
}

type DatabaseError = Error & { hasErrorLabel?: (label: string) => boolean };

/** Nobody can say whether the last write was saved: the connection broke, or the commit was never confirmed. */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, hasErrorLabel } = error as DatabaseError;
  if (/^Mongo(ose)?(Network|ServerSelection|PoolCleared|NotConnected|TopologyClosed)/.test(name)) return true;
  const labels = ["UnknownTransactionCommitResult", "RetryableWriteError"];
  return typeof hasErrorLabel === "function" && labels.some((label) => hasErrorLabel.call(error, label));
}

const DATABASE_AWAY: ErrorBody = {
  code: "busy",
  message: "The database does not answer. A change may or may not be saved: send it again with the same key.",
  issues: [],
};

/** What a client is told about an error; undefined for a bug, of which it learns nothing but that it happened. */
export function findErrorBody(error: unknown): ErrorBody | undefined {
  if (error instanceof AppError) {
    const { code, message, issues, conflict } = error;
    return { code, message, issues, ...(conflict ? { conflict } : {}) };
  }
  if (error instanceof ZodError) return fromZod(error);
  if (isHttpError(error)) return fromHttp(error);
  if (isDatabaseAway(error)) return DATABASE_AWAY;
  return undefined;
}

export const INTERNAL_ERROR: ErrorBody = {
  code: "internal",
  message: "Something went wrong on our side. Look whether a change was saved before sending it again.",
  issues: [],
};
