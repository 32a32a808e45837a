import type { BulkAction, BulkChange } from "@dmtracker/shared/contracts/bulk.ts";
import { BulkActionBody, BulkActionParam } from "@dmtracker/shared/contracts/rest-bulk.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import { Router, type Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import { inApiWords } from "#server/contacts/api-words.ts";
import { changeContacts } from "#server/contacts/change-contacts.ts";
import { requireFilterIn } from "#server/contacts/require-filter.ts";
import type { Caller } from "#server/organizations/caller.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { resolvePipelineId, resolveStage } from "#server/pipeline/resolve-stage.ts";
import { answer } from "#server/platform/http.ts";
import { requireTagNames } from "#server/tags/require-tag-names.ts";
import { toBulkAnswer } from "./bulk-answer.ts";
import type { BulkCaller } from "./bulk-caller.ts";
import { findBulks, toBulkAction } from "./bulk.store.ts";
import { cancelBulk } from "./cancel-bulk.ts";
import { requireBulk } from "./require-bulk.ts";
import { findStarted } from "./start-bulk.ts";

const MAX_LISTED = 100;

const toBulkCaller = ({ organizationId, actor, role }: Caller): BulkCaller => ({
  organizationId,
  actor,
  isAdmin: may(role, "changes:reverse"),
});

/** 200 when it is over, 202 when it goes on: ask for it, or cancel it, by its id. */
export function answerBulk(response: Response, bulk: BulkAction): void {
  const isRunning = bulk.state === "running";
  const message = isRunning
    ? `On its way: ${bulk.total} contacts`
    : `${bulk.changed} of ${bulk.total} contacts changed`;
  answer(response, toBulkAnswer(bulk), message, isRunning ? 202 : 200);
}

async function readChange(
  organizationId: string,
  pipelineId: string,
  body: BulkActionBody,
): Promise<BulkChange> {
  const { status, lost_reason, value, assignee_id, follow_up, parked, add_tags, remove_tags } = body;
  const stageId = await resolveStage(organizationId, pipelineId, body);
  const add = await requireTagNames(organizationId, "add_tags", add_tags);
  const untag = await requireTagNames(organizationId, "remove_tags", remove_tags);
  return {
    ...(status !== undefined && { status }),
    ...(stageId !== undefined && { stageId }),
    ...(lost_reason !== undefined && { lostReason: lost_reason }),
    ...(value !== undefined && { value }),
    ...(assignee_id !== undefined && { assigneeId: assignee_id }),
    ...(follow_up !== undefined && {
      followUp: follow_up && { act: "schedule", dueAt: follow_up.due_at, note: follow_up.note },
    }),
    ...(parked !== undefined && { parked }),
    ...((add || untag) && { tags: { ...(add && { add }), ...(untag && { remove: untag }) } }),
    ...(body.remove && { removed: true }),
  };
}

export function bulkRoutes(app: AppContext): Router {
  const router = Router();

  router.post("/bulk-actions", async (request, response) => {
    const caller = callerOf(response);
    const body = BulkActionBody.parse(request.body ?? {});
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["bulk-actions", body]);
    const started = await findStarted(organizationId, mutation);
    if (started) return answerBulk(response, started);
    const pipelineId = await resolvePipelineId(organizationId, body.pipeline_id);
    const select = body.contact_ids
      ? { contactIds: body.contact_ids }
      : { filter: requireFilterIn(new URLSearchParams(body.filter ?? "")) };
    const change = await readChange(organizationId, pipelineId, body);
    const bulk = changeContacts(app, { organizationId, pipelineId, select, change, actor, mutation });
    answerBulk(response, await inApiWords(bulk));
  });

  router.get("/bulk-actions", async (_request, response) => {
    const { organizationId, actor, isAdmin } = toBulkCaller(callerOf(response));
    const actorId = isAdmin ? undefined : (actor.id ?? "");
    const records = await findBulks(organizationId, { actorId, limit: MAX_LISTED });
    answer(response, { bulk_actions: records.map((record) => toBulkAnswer(toBulkAction(record))) });
  });

  router.get("/bulk-actions/:bulkId", async (request, response) => {
    const caller = toBulkCaller(callerOf(response));
    const { bulkId } = BulkActionParam.parse(request.params);
    answer(response, toBulkAnswer(toBulkAction(await requireBulk(caller, bulkId))));
  });

  router.post("/bulk-actions/:bulkId/cancel", async (request, response) => {
    const caller = toBulkCaller(callerOf(response));
    const { bulkId } = BulkActionParam.parse(request.params);
    answer(
      response,
      toBulkAnswer(await cancelBulk(caller, bulkId)),
      "It ends after the part that is on its way",
    );
  });

  return router;
}
