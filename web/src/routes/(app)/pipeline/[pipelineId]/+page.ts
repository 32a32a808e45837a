import { error } from "@sveltejs/kit";
import { loadBoard } from "#lib/api/pipelines.ts";
import type { PageLoad } from "./$types.d.ts";

/** A board that comes within this time is the first thing to be seen: nothing stands in for it before. */
const PATIENCE_MS = 200;

let isStart = true;

export const load: PageLoad = async ({ params, url, parent, untrack }) => {
  // Where the application starts with a board, its cards are asked for together with the session, not after it.
  const isPlain = untrack(() => url.search) === "";
  const early = isStart && isPlain ? loadBoard(params.pipelineId) : undefined;
  isStart = false;
  // Whether it failed is told by the board, or by the session, which knows why.
  early?.catch(() => undefined);
  const { pipelines } = await parent();
  const summary = pipelines.find(({ id }) => id === params.pipelineId);
  if (!summary)
    error(404, "There is no such pipeline, or it belongs to an organization that you are not in.");
  const first = early && (await Promise.race([early.catch(() => undefined), passing(PATIENCE_MS)]));
  return { summary, first: first ?? early };
};

function passing(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}
