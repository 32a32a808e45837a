import type { Response } from "express";
import { APIError } from "better-auth/api";
import { AppError } from "./app-error.ts";

const OURS: Record<string, { code: "duplicate" | "not_found" | "invalid"; path: string; message: string }> = {
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: {
    code: "duplicate",
    path: "email",
    message: "There is an account with this e-mail already: sign in with it",
  },
  USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION: {
    code: "duplicate",
    path: "email",
    message: "Is a member of this organization already",
  },
  INVITATION_NOT_FOUND: {
    code: "not_found",
    path: "token",
    message: "This invitation is no longer valid. Ask for a new one.",
  },
  INVALID_TOKEN: {
    code: "not_found",
    path: "token",
    message: "This link is no longer valid. Ask for a new one.",
  },
  INVALID_PASSWORD: { code: "invalid", path: "password", message: "This is not your password" },
};

/** Runs a call of better-auth; its refusals leave in our words. @throws AppError */
export async function inOurWords<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { code = "", message } = (error.body ?? {}) as { code?: string; message?: string };
    const known = OURS[code];
    if (known) {
      const { path } = known;
      throw new AppError(known.code, known.message, {
        issues: [{ path, message: known.message }],
        cause: error,
      });
    }
    if (error.statusCode >= 500) throw error;
    const allowed = error.statusCode === 401 || error.statusCode === 403 ? "forbidden" : "invalid";
    throw new AppError(allowed, message ?? "That is not possible", { cause: error });
  }
}

/** Cookies that better-auth has set, on their way to the browser. */
export function passCookies(headers: Headers, response: Response): void {
  for (const cookie of headers.getSetCookie()) response.append("set-cookie", cookie);
}

/** The same cookies as the browser will send them from now on. */
export function asRequestHeaders(headers: Headers): Headers {
  const cookie = headers.getSetCookie().map((text) => text.split(";")[0]);
  return new Headers({ cookie: cookie.join("; ") });
}
