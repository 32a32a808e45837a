import { NewToken, TokenIdParam } from "@dmtracker/shared/contracts/tokens.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { announceOrganization } from "#server/organizations/announce-organization.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { AppError } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { createToken } from "./create-token.ts";
import { findTokens, revokeToken } from "./token.store.ts";

export function tokensRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/tokens", async (_request, response) => {
    const { organizationId } = callerOf(response);
    answer(response, { tokens: await findTokens(organizationId) });
  });

  router.post("/tokens", async (request, response) => {
    const { name } = NewToken.parse(request.body ?? {});
    const made = await createToken(app, callerOf(response), name);
    answer(response, made, "Token created: its secret is shown this once", 201);
  });

  router.delete("/tokens/:tokenId", async (request, response) => {
    const { organizationId, actor } = callerOf(response);
    const { tokenId } = TokenIdParam.parse(request.params);
    if (!(await revokeToken(organizationId, tokenId, app.now()))) {
      throw new AppError("not_found", "No such token");
    }
    await announceOrganization(app, organizationId, actor);
    answer(response, {}, "Token revoked");
  });

  return router;
}
