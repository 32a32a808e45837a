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

/** What a client is told about an error; undefined for a bug, of which it learns nothing but that it happened. */
export function findErrorBody(error: unknown): ErrorBody | undefined {
  if (error instanceof AppError) return { code: error.code, message: error.message, issues: error.issues };
  if (error instanceof ZodError) return fromZod(error);
  if (isHttpError(error)) return fromHttp(error);
  return undefined;
}

export const INTERNAL_ERROR: ErrorBody = {
  code: "internal",
  message: "Something went wrong on our side. Nothing was changed.",
  issues: [],
};
