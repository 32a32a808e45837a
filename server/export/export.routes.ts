import { ContactExportQuery } from "@dmtracker/shared/contracts/queries.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { requireFilter } from "#server/contacts/require-filter.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { answerCsv } from "#server/platform/csv-answer.ts";
import { CONTACT_CSV_COLUMNS } from "./contact-row.ts";
import { exportContacts } from "./export-contacts.ts";

export function exportRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/contacts/export", async (request, response) => {
    const { organizationId } = callerOf(response);
    const {
      sort,
      direction = sort === "username" ? "asc" : "desc",
      ...query
    } = ContactExportQuery.parse(request.query);
    const filter = requireFilter(request, Object.keys(ContactExportQuery.shape));
    const pipelineId = await resolvePipelineId(organizationId, query.pipeline_id);
    const rows = await exportContacts(app, { organizationId, pipelineId, filter, sort, direction });
    const name = `contacts-${app.now().toISOString().slice(0, 10)}`;
    await answerCsv(response, { name, columns: CONTACT_CSV_COLUMNS, rows });
  });

  return router;
}
