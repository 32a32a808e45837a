import { ReversalBody, UndoBody } from "@dmtracker/shared/contracts/rest-bulk.ts";
import type { ReversalCause } from "@dmtracker/shared/contracts/reversal.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { answerBulk } from "#server/bulk/bulk.routes.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { answer } from "#server/platform/http.ts";
import { previewReversal } from "./preview-reversal.ts";
import { reverseChanges } from "./reverse-changes.ts";
import { undoChange } from "./undo-change.ts";

function causeOf({ rule_id, token_id, member_id, batch_id, since = "" }: ReversalBody): ReversalCause {
  if (batch_id !== undefined) return { batchId: batch_id };
  if (rule_id !== undefined) return { ruleId: rule_id, since };
  if (token_id !== undefined) return { tokenId: token_id, since };
  return { memberId: member_id ?? "", since };
}

export function reversalRoutes(app: AppContext): Router {
  const router = Router();

  router.post("/undo", async (request, response) => {
    const caller = callerOf(response);
    const { batch_id: batchId } = UndoBody.parse(request.body ?? {});
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["undo", batchId]);
    const done = await undoChange(app, { organizationId, actor, undoes: { batchId }, mutation });
    if (done.bulk) return answerBulk(response, done.bulk);
    const problems = done.problems.map(({ contactId, username, message }) => ({
      contact_id: contactId,
      username,
      message,
    }));
    answer(response, { changed: done.changed, problems, seq: done.seq }, "Undone");
  });

  router.post("/reversals/preview", async (request, response) => {
    const caller = callerOf(response);
    const body = ReversalBody.parse(request.body ?? {});
    const { organizationId, actor } = caller;
    const pipelineId = await resolvePipelineId(organizationId, body.pipeline_id);
    answer(response, await previewReversal(app, { organizationId, pipelineId, cause: causeOf(body), actor }));
  });

  router.post("/reversals", async (request, response) => {
    const caller = callerOf(response);
    const body = ReversalBody.parse(request.body ?? {});
    const { organizationId, actor } = caller;
    const pipelineId = await resolvePipelineId(organizationId, body.pipeline_id);
    const mutation = mutationOf(request, caller, ["reversals", body]);
    const input = { organizationId, pipelineId, cause: causeOf(body), actor, mutation };
    answerBulk(response, await reverseChanges(app, input));
  });

  return router;
}
