import { setTimeout as delay } from "node:timers/promises";
import { ERROR_STATUS } from "@dmtracker/shared/contracts/error-codes.ts";
import { ANSWERED_IN_COMMIT } from "@dmtracker/shared/contracts/doors.ts";
import type { RequestHandler, Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import type { Locals } from "#server/organizations/guard.ts";
import { AppError } from "#server/platform/app-error.ts";
import { findErrorBody } from "#server/platform/error-body.ts";
import { decrypt, encrypt } from "#server/platform/seal.ts";
import { repeatAnswer } from "./first-answer.ts";
import { answerClaim, claimMutation, loseClaim, releaseClaim, type ClaimedCall } from "./mutation.store.ts";
import { claimedCallOf } from "./request-mutation.ts";

/** What has not been answered after this will not be. */
const UNDER_WAY_MS = 60_000;
/** How long the second of two equal calls waits for the answer of the first. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 40;

type KeptAnswer = { status: number; body: unknown; cookies: string[] };

/** Answers may hold a secret that is told once: whoever reads the database must not find it there. */
const purposeOf = ({ organizationId, id }: ClaimedCall): string => `answer ${organizationId} ${id}`;

const unknownEnd = () =>
  new AppError(
    "conflict",
    "The first call with this key did not come to an end. Look whether it was done; a new call takes a new key.",
  );

/** Takes the key, or finds the answer of who took it before. @throws AppError key_reused, conflict, busy */
async function claimOrFind(app: AppContext, call: ClaimedCall): Promise<KeptAnswer | undefined> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const known = await claimMutation(call, app.now());
    if (!known) return undefined;
    const answer = repeatAnswer(call, { ...call, ...known });
    if (known.claimedAt === undefined) {
      const text = decrypt(app.env.authSecret, purposeOf(call), String(answer));
      if (text === undefined) throw unknownEnd();
      return JSON.parse(text) as KeptAnswer;
    }
    if (app.now().getTime() - known.claimedAt.getTime() > UNDER_WAY_MS) throw unknownEnd();
    if (performance.now() > end) {
      throw new AppError("busy", "The first call with this key is still under way, try again");
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** What becomes of the key: a success is kept, a refusal has done nothing, a failure nobody can tell. */
async function settle(app: AppContext, call: ClaimedCall, { status, ...told }: KeptAnswer): Promise<void> {
  if (status >= 500) return loseClaim(call);
  if (status >= 400) return releaseClaim(call);
  const text = JSON.stringify({ status, ...told });
  return answerClaim(call, encrypt(app.env.authSecret, purposeOf(call), text));
}

/** What is said. "Try again" would be a lie where the same key gets no second try: such a call says at once to look. */
function toSay(response: Response, body: unknown): { status: number; body: unknown } {
  if (response.statusCode !== ERROR_STATUS.busy) return { status: response.statusCode, body };
  response.removeHeader("retry-after");
  return { status: ERROR_STATUS.conflict, body: { status: "error", ...findErrorBody(unknownEnd()) } };
}

/**
 * Keeps the answer of a claimed call before it leaves: whoever has heard it once hears it again. Only the first
 * answer counts: while it is being kept, an error that comes after it must not be sent in its place.
 */
function keepAnswer(app: AppContext, call: ClaimedCall, response: Response): void {
  const send = response.json.bind(response);
  let isAnswered = false;
  response.json = (body: unknown) => {
    if (isAnswered) return response;
    isAnswered = true;
    const cookies = [response.getHeader("set-cookie") ?? []].flat().map(String);
    const said = toSay(response, body);
    settle(app, call, { status: response.statusCode, body, cookies })
      .catch((error: unknown) => app.logger.error({ err: error }, "an answer could not be kept for its key"))
      .then(() => {
        response.status(said.status);
        send(said.body);
      })
      .catch((error: unknown) => {
        app.logger.error({ err: error }, "an answer with a key could not be sent");
        response.destroy();
      });
    return response;
  };
}

/**
 * `Idempotency-Key` of every write that is not answered in its commit: the key is claimed in the database, then the
 * call runs once, then its answer is kept. Whoever comes with the same key meanwhile waits for that answer.
 */
export function keepFirstAnswer(app: AppContext): RequestHandler {
  return async (request, response, next) => {
    const { endpoint } = response.locals as Locals;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead || !endpoint || ANSWERED_IN_COMMIT.has(endpoint)) return next();
    const call = claimedCallOf(request, response, app.env.authSecret);
    if (!call) return next();
    const first = await claimOrFind(app, call);
    if (first) {
      if (first.cookies.length > 0) response.setHeader("set-cookie", first.cookies);
      response.status(first.status).json(first.body);
      return;
    }
    keepAnswer(app, call, response);
    next();
  };
}
