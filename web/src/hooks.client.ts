import type { HandleClientError } from "@sveltejs/kit/hooks";
import { isServerThere } from "#lib/api/reach.ts";

/**
 * The code of a page that is opened for the first time comes from the server. Where none answers, the page has not
 * broken: it says that the server is away, and comes by itself.
 */
export const handleError: HandleClientError = async (caught) => {
  if (caught.kind !== "unknown") return {};
  console.error(caught.error);
  return (await isServerThere()) ? {} : { status: 503, message: "The server cannot be reached" };
};
