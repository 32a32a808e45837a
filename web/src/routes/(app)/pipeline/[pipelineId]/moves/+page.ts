import { error } from "@sveltejs/kit";
import type { PageLoad } from "./$types.d.ts";

export const load: PageLoad = async ({ params, parent }) => {
  const { pipelines } = await parent();
  const summary = pipelines.find(({ id }) => id === params.pipelineId);
  if (!summary)
    error(404, "There is no such pipeline, or it belongs to an organization that you are not in.");
  return { summary };
};
