import { ReportContactsQuery, ReportQuery } from "@dmtracker/shared/contracts/reports.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { answer } from "#server/platform/http.ts";
import { listReportContacts } from "./list-report-contacts.ts";
import { makeReport } from "./make-report.ts";

export function reportsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/reports", async (request, response) => {
    const { organizationId } = callerOf(response);
    answer(response, await makeReport(app, organizationId, ReportQuery.parse(request.query)));
  });

  router.get("/reports/contacts", async (request, response) => {
    const { organizationId } = callerOf(response);
    const query = ReportContactsQuery.parse(request.query);
    answer(response, await listReportContacts(app, organizationId, query));
  });

  return router;
}
