import { MovesQuery } from "@dmtracker/shared/contracts/moves.ts";
import {
  BoardQuery,
  ColumnPageQuery,
  ContactsQuery,
  EventsQuery,
  PipelineIdParam,
  StageParams,
} from "@dmtracker/shared/contracts/queries.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { Router } from "express";
import { requireFilter } from "#server/contacts/require-filter.ts";
import { findEventsAfter } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { invalidField } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { loadBoardThen, loadColumnThen } from "./load-board-then.ts";
import { listMoves } from "./list-moves.ts";
import { listPipelines } from "./list-pipelines.ts";
import { loadBoard, loadColumnPage, loadContacts } from "./load-board.ts";
import { resolvePipelineId } from "./resolve-stage.ts";

/** Who matched a filter at another time is nowhere written down. */
function refuseFilter(filter: ContactFilter): void {
  if (Object.keys(filter).length > 0) throw invalidField("at", "cannot be combined with a filter");
}

export function pipelineRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/pipelines", async (request, response) => {
    const { organizationId } = callerOf(response);
    answer(response, await listPipelines(organizationId));
  });

  router.get("/pipelines/:pipelineId/board", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const { at } = BoardQuery.parse(request.query);
    const filter = requireFilter(request, ["at"]);
    if (at === undefined) return answer(response, await loadBoard(app, organizationId, pipelineId, filter));
    refuseFilter(filter);
    answer(response, await loadBoardThen(app, { organizationId, pipelineId, at }));
  });

  router.get("/pipelines/:pipelineId/stages/:stageId/contacts", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { pipelineId, stageId } = StageParams.parse(request.params);
    const { after_rank: rank, after_id: id, limit, at } = ColumnPageQuery.parse(request.query);
    const after = rank === undefined || id === undefined ? undefined : { rank, id };
    const filter = requireFilter(request, Object.keys(ColumnPageQuery.shape));
    if (at !== undefined) {
      refuseFilter(filter);
      const then = { organizationId, pipelineId, at };
      return answer(response, await loadColumnThen(app, then, { stageId, after, limit }));
    }
    answer(
      response,
      await loadColumnPage(app, organizationId, pipelineId, stageId, { after, limit, filter }),
    );
  });

  router.get("/pipelines/:pipelineId/moves", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const query = MovesQuery.parse(request.query);
    answer(response, await listMoves(app, { organizationId, pipelineId, query }));
  });

  router.get("/pipelines/:pipelineId/contacts", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { pipelineId } = PipelineIdParam.parse(request.params);
    const { ids } = ContactsQuery.parse(request.query);
    answer(response, await loadContacts(organizationId, pipelineId, ids));
  });

  router.get("/events", async (request, response) => {
    const { organizationId } = callerOf(response);
    const { pipeline_id: named, after, limit } = EventsQuery.parse(request.query);
    const pipelineId = await resolvePipelineId(organizationId, named);
    answer(response, { pipelineId, events: await findEventsAfter(pipelineId, after, limit) });
  });

  return router;
}
