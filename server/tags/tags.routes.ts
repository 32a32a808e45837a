import {
  MergeTag,
  NewTag,
  TagChange,
  TagIdParam,
  type CountedTag,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { requireOrganizationSettings } from "#server/organizations/require-organization-settings.ts";
import { answer } from "#server/platform/http.ts";
import { mergeTag, removeTagFromAll } from "./remove-tag.ts";
import { createTag, updateTag } from "./save-tag.ts";
import { countByTag, findTags } from "./tag.store.ts";

export function tagsRoutes(app: AppContext): Router {
  const router = Router();

  router.get("/tags", async (request, response) => {
    const { organizationId } = callerOf(request.res);
    const [tags, counts] = await Promise.all([findTags(organizationId), countByTag(organizationId)]);
    const counted: CountedTag[] = tags.map((tag) => ({ ...tag, contacts: counts.get(tag.id) ?? 0 }));
    answer(response, { tags: counted });
  });

  router.post("/tags", async (request, response) => {
    const call = requireOrganizationSettings(app, request);
    const tag = await createTag(app, call, NewTag.parse(request.body ?? {}));
    answer(response, { tag }, "Tag created", 201);
  });

  router.patch("/tags/:tagId", async (request, response) => {
    const call = requireOrganizationSettings(app, request);
    const { tagId } = TagIdParam.parse(request.params);
    const tag = await updateTag(app, call, tagId, TagChange.parse(request.body ?? {}));
    answer(response, { tag }, "Tag saved");
  });

  router.post("/tags/:tagId/merge", async (request, response) => {
    const call = requireOrganizationSettings(app, request);
    const { tagId } = TagIdParam.parse(request.params);
    const { into } = MergeTag.parse(request.body ?? {});
    answer(response, await mergeTag(app, call, { tagId, into }), "Tags merged");
  });

  router.delete("/tags/:tagId", async (request, response) => {
    const call = requireOrganizationSettings(app, request);
    const { tagId } = TagIdParam.parse(request.params);
    answer(response, await removeTagFromAll(app, call, tagId), "Tag deleted");
  });

  return router;
}
