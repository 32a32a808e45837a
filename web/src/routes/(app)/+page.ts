import { error, redirect } from "@sveltejs/kit";
import { resolve } from "$app/paths";
import type { PageLoad } from "./$types.d.ts";

export const load: PageLoad = async ({ parent }) => {
  const { pipelines } = await parent();
  const [first] = pipelines;
  if (!first) error(404, "This organization has no pipeline");
  redirect(307, resolve("/(app)/pipeline/[pipelineId]", { pipelineId: first.id }));
};
