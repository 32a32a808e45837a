import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { openApiDocument } from "./openapi-document.ts";

export function apiReferenceRoutes(app: AppContext): Router {
  const router = Router();
  let made: object | undefined;

  router.get("/openapi.json", (_request, response) => {
    // Made on first use: a server that nobody asks for it spends nothing on it.
    made ??= openApiDocument(app.env.publicUrl);
    response.json(made);
  });

  return router;
}
