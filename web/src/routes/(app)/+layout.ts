import { error, redirect } from "@sveltejs/kit";
import { resolve } from "$app/paths";
import { ApiError } from "#lib/api/client.ts";
import { listPipelines } from "#lib/api/pipelines.ts";
import { loadSession } from "#lib/api/session.ts";
import type { LayoutLoad } from "./$types.d.ts";

// Live screens are rendered in the browser: docs/decisions/005-live-screens-in-the-browser.md
export const ssr = false;

export const load: LayoutLoad = async ({ url, untrack, depends }) => {
  depends("app:organization");
  try {
    const [session, pipelines] = await Promise.all([loadSession(), listPipelines()]);
    return { session, pipelines };
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    if (problem.code === "unauthenticated") {
      // The address is only a note for later: moving between pages must not load the session again.
      const wanted = untrack(() => url.pathname + url.search);
      redirect(307, `${resolve("/sign-in")}?next=${encodeURIComponent(wanted)}`);
    }
    if (problem.code === "no_organization") redirect(307, resolve("/organizations"));
    error(problem.code === "network" || problem.code === "busy" ? 503 : 500, problem.message);
  }
};
