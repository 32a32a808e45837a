import { AUTH_ENDPOINTS } from "@dmtracker/shared/contracts/doors.ts";
import { toNodeHandler } from "better-auth/node";
import express, { type Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { requireJson } from "#server/platform/http.ts";
import { requireOwnOrigin } from "#server/platform/origins.ts";

const MAX_BODY = "16kb";

/** Signing in and out as better-auth does it; the rest of it answers to our own endpoints only. */
export function authDoors(app: AppContext): Router {
  const router = express.Router();
  const handler = toNodeHandler(app.auth);
  for (const endpoint of AUTH_ENDPOINTS) {
    const [, path = ""] = endpoint.split(" ");
    router.post(path, requireJson, express.json({ limit: MAX_BODY }), async (request, response) => {
      requireOwnOrigin(app.env.origins, request);
      await app.limits.take("open", request.ip ?? "", response);
      await handler(request, response);
    });
  }
  return router;
}
