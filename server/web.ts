import { constants } from "node:zlib";
import compression from "compression";
import express, { type RequestHandler } from "express";
import helmet from "helmet";
import { authDoors } from "./accounts/auth-doors.ts";
import { accountsRoutes } from "./accounts/accounts.routes.ts";
import type { AppContext } from "./app-context.ts";
import { apiReferenceRoutes } from "./api-reference/api-reference.routes.ts";
import { activityRoutes } from "./activity/activity.routes.ts";
import { bulkRoutes } from "./bulk/bulk.routes.ts";
import { contactsRoutes } from "./contacts/contacts.routes.ts";
import { removalRoutes } from "./contacts/removal.routes.ts";
import { integrationsRoutes } from "./contacts/integrations.routes.ts";
import { exportRoutes } from "./export/export.routes.ts";
import { importUploadRoutes } from "./import/import-upload.routes.ts";
import { importsRoutes } from "./import/imports.routes.ts";
import { fileUploadRoutes } from "./organization-file/file-upload.routes.ts";
import { organizationFileRoutes } from "./organization-file/organization-file.routes.ts";
import { followUpsRoutes } from "./follow-ups/follow-ups.routes.ts";
import { guard } from "./organizations/guard.ts";
import { membersRoutes } from "./organizations/members.routes.ts";
import { organizationsRoutes } from "./organizations/organizations.routes.ts";
import { rulesRoutes } from "./pipeline/rules.routes.ts";
import { stagesRoutes } from "./pipeline/stages.routes.ts";
import { tagsRoutes } from "./tags/tags.routes.ts";
import { organizationSettingsRoutes } from "./organizations/organization-settings.routes.ts";
import { keepFirstAnswer } from "./pipeline/keep-first-answer.ts";
import { offerFirstAnswers } from "./pipeline/first-answers.ts";
import { pipelineRoutes } from "./pipeline/pipeline.routes.ts";
import { noteAddress } from "./platform/client-address.ts";
import { askAgain, dataPolicy, errorHandler, requireJson, unknownPath } from "./platform/http.ts";
import { logRequests } from "./platform/log-requests.ts";
import { reversalRoutes } from "./reversal/reversal.routes.ts";
import { tokensRoutes } from "./tokens/tokens.routes.ts";
import { webhooksRoutes } from "./webhooks/webhooks.routes.ts";
import { viewsRoutes } from "./views/views.routes.ts";
import { reportsRoutes } from "./reports/reports.routes.ts";
import { winsRoutes } from "./wins/wins.routes.ts";

const MAX_BODY = "256kb";

/** Everything that is asked by HTTP: REST, sign-in, health and the pages. */
export function createWeb(
  app: AppContext,
  health: RequestHandler,
  pages: RequestHandler | undefined,
): express.Express {
  const web = express();
  web.disable("x-powered-by");
  web.use(logRequests(app.logger));
  // The page's own inline start script needs a policy of its own; the rest of helmet's headers hold for everything.
  web.use(helmet({ contentSecurityPolicy: false }));
  web.use(health);
  web.set("trust proxy", app.env.trustProxy);
  web.use(noteAddress);
  // The reference is a page, although it stands below /api.
  if (pages) web.get("/api/docs", pages);
  web.use("/api", dataPolicy, askAgain, compression());
  web.use("/api/auth", authDoors(app));
  web.use(
    "/api/v1",
    guard(app),
    // Its bodies are files, which are read while they arrive.
    importUploadRoutes(app),
    fileUploadRoutes(app),
    requireJson,
    express.json({ limit: MAX_BODY }),
    keepFirstAnswer(app),
    accountsRoutes(app),
    membersRoutes(app),
    organizationsRoutes(app),
    integrationsRoutes(app),
    exportRoutes(app),
    importsRoutes(app),
    organizationFileRoutes(app),
    contactsRoutes(app),
    removalRoutes(app),
    activityRoutes(app),
    followUpsRoutes(app),
    bulkRoutes(app),
    reversalRoutes(app),
    pipelineRoutes(app),
    stagesRoutes(app),
    rulesRoutes(app),
    tagsRoutes(app),
    organizationSettingsRoutes(app),
    viewsRoutes(app),
    reportsRoutes(app),
    winsRoutes(app),
    tokensRoutes(app),
    webhooksRoutes(app),
    apiReferenceRoutes(app),
    unknownPath,
  );
  web.use("/api", unknownPath);
  web.use(errorHandler(app.logger));
  // What a page carries is sent as soon as it is known, not when the page is whole.
  const flushing = {
    flush: constants.Z_SYNC_FLUSH,
    brotli: { flush: constants.BROTLI_OPERATION_FLUSH },
  };
  if (pages) web.use(compression(flushing), offerFirstAnswers(app), pages);
  return web;
}
