import type { ErrorCode, Issue } from "@dmtracker/shared/contracts/errors.ts";
import { takeFirstAnswer } from "./first-answers.ts";

/** `network`: no answer came at all. Everything else is the server's own word. */
export type ApiErrorCode = ErrorCode | "network";

type Envelope<T> =
  | { status: "success"; message: string; data: T }
  | { status: "error"; code: ErrorCode; message: string; issues?: Issue[] };

export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly issues: Issue[];

  constructor(code: ApiErrorCode, message: string, issues: Issue[] = [], cause?: unknown) {
    super(message, { cause });
    this.name = "ApiError";
    this.code = code;
    this.issues = issues;
  }
}

const LASTING: readonly string[] = ["not_found", "forbidden", "unauthenticated", "invalid"];

/** Asking again changes nothing about it. */
export const isLasting = (error: unknown): boolean =>
  error instanceof ApiError && LASTING.includes(error.code);

export type RequestOptions = {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
};

/** An aborted call is nobody's error: it is passed on as it is, so that callers can ignore it. */
function asApiError(error: unknown): unknown {
  if (error instanceof DOMException && error.name === "AbortError") return error;
  return new ApiError("network", "The server cannot be reached", [], error);
}

export async function send(path: string, { method = "GET", body, signal, headers }: RequestOptions = {}) {
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: { accept: "application/json", ...headers },
  };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch (error) {
    throw asApiError(error);
  }
}

export async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    // A proxy's error page, or an answer cut off on its way.
    const text = response.ok ? "The answer did not arrive whole" : `The server answered ${response.status}`;
    throw response.ok ? asApiError(error) : new ApiError("internal", text, [], error);
  }
}

/** Sends a file as it is. */
export async function sendFile(path: string, file: Blob, type = "text/csv"): Promise<Response> {
  const headers = { accept: "application/json", "content-type": type };
  try {
    return await fetch(path, { method: "POST", credentials: "same-origin", headers, body: file });
  } catch (error) {
    throw asApiError(error);
  }
}

/** One call to the REST API: `data` of a success, an ApiError for everything else. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const carried = (options.method ?? "GET") === "GET" ? await takeFirstAnswer(path) : undefined;
  if (carried !== undefined) return carried as T;
  return readAnswer<T>(await send(`/api/v1${path}`, options));
}

export async function readAnswer<T>(response: Response): Promise<T> {
  const answer = (await readJson(response)) as Envelope<T>;
  if (answer.status === "success") return answer.data;
  throw new ApiError(answer.code, answer.message, answer.issues);
}
