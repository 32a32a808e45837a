import type { FindFirstAnswers, FirstAnswers } from "@dmtracker/shared/contracts/first-answers.ts";
import { PipelineIdParam } from "@dmtracker/shared/contracts/queries.ts";
import type { Request, RequestHandler } from "express";
import type { AppContext } from "#server/app-context.ts";
import { requireMember, requirePerson } from "#server/organizations/caller.ts";
import { describeSession } from "#server/organizations/describe-session.ts";
import { AppError } from "#server/platform/app-error.ts";
import { listPipelines } from "./list-pipelines.ts";
import { loadBoard } from "./load-board.ts";

/** @throws AppError as the same calls of the API would */
async function find(
  app: AppContext,
  { headers }: Request,
  pipelineId: string | undefined,
): Promise<FirstAnswers> {
  const caller = await requireMember(app, await requirePerson(app, headers));
  const { organizationId, limitKey } = caller;
  await app.limits.take("person", limitKey);
  const [session, pipelines, board] = await Promise.all([
    describeSession(app, caller),
    listPipelines(organizationId),
    pipelineId === undefined ? undefined : loadBoard(app, organizationId, pipelineId, {}),
  ]);
  return {
    "/me": session,
    "/pipelines": pipelines,
    ...(board && { [`/pipelines/${pipelineId}/board`]: board }),
  };
}

/** Lets a page carry what its script would ask first. Where that fails the script asks, and tells what it is told. */
export function offerFirstAnswers(app: AppContext): RequestHandler {
  return (request, _response, next) => {
    const firstAnswers: FindFirstAnswers = async (pipelineId) => {
      if (pipelineId !== undefined && !PipelineIdParam.safeParse({ pipelineId }).success) return undefined;
      return find(app, request, pipelineId).catch((error: unknown) => {
        if (!(error instanceof AppError)) app.logger.error({ err: error }, "first answers failed");
        return undefined;
      });
    };
    Object.assign(request, { firstAnswers });
    next();
  };
}
