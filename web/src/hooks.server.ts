import type { Handle } from "@sveltejs/kit/hooks";

/** What every page behind the sign-in asks first (routes/(app)/+layout.ts). */
const SESSION = ["/api/v1/me", "/api/v1/pipelines"];

/**
 * Live screens are built in the browser, from answers that their script asks for. The browser is told of these
 * questions with the page's first byte, so that the answers are under way while the script is still being read.
 */
export const handle: Handle = async ({ event, resolve }) => {
  const response = await resolve(event);
  const { route, params, url } = event;
  if (!route.id?.startsWith("/(app)") || event.isDataRequest) return response;
  const isBoard = route.id === "/(app)/pipeline/[pipelineId]" && url.search === "";
  const asked = isBoard ? [...SESSION, `/api/v1/pipelines/${params.pipelineId}/board`] : SESSION;
  for (const path of asked) response.headers.append("link", `<${path}>; rel=preload; as=fetch; crossorigin`);
  return response;
};
