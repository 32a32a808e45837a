import { error } from "@sveltejs/kit";
import { loadImports } from "#lib/api/imports.ts";
import type { PageLoad } from "./$types.d.ts";

export const load: PageLoad = async ({ parent }) => {
  const { pipelines } = await parent();
  const [first] = pipelines;
  if (!first) error(404, "This organization has no pipeline");
  return { firstPipelineId: first.id, pipelines, recent: await loadImports() };
};
