import type { Handle } from "@sveltejs/kit/hooks";
import {
  FIRST_ANSWERS_ID,
  type FindFirstAnswers,
  type FirstAnswers,
} from "@dmtracker/shared/contracts/first-answers.ts";

/** A page does not wait longer for them to be complete; its script would rather show that it is loading. */
const PATIENCE_MS = 250;

/** What the server that serves the pages puts on a request; Vite, while developing, does not. */
type Carrier = { req?: { firstAnswers?: FindFirstAnswers } } | undefined;

const passing = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(resolve, ms, undefined));

/** As data, in which nothing can end the element. */
const asElement = (answers: FirstAnswers): string =>
  `<script type="application/json" id="${FIRST_ANSWERS_ID}">${JSON.stringify(answers).replaceAll("<", "\\u003c")}</script>`;

/** The page at once, and before its end what its script would ask first. */
function carry(page: string, finding: Promise<FirstAnswers | undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const end = page.lastIndexOf("</body>");
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode(page.slice(0, end)));
      const answers = await Promise.race([finding, passing(PATIENCE_MS)]);
      controller.enqueue(encoder.encode((answers ? asElement(answers) : "") + page.slice(end)));
      controller.close();
    },
  });
}

/**
 * Live screens are built in the browser, from answers that their script asks for. The page carries the first of them:
 * they are found while the browser is still busy with the page, and no question has to travel.
 */
export const handle: Handle = async ({ event, resolve }) => {
  const { route, params, url } = event;
  const find = (event.platform as Carrier)?.req?.firstAnswers;
  if (!find || !route.id?.startsWith("/(app)") || event.isDataRequest) return resolve(event);
  const isBoard = route.id === "/(app)/pipeline/[pipelineId]" && url.search === "";
  const finding = find(isBoard ? params.pipelineId : undefined);
  const response = await resolve(event);
  if (!response.headers.get("content-type")?.startsWith("text/html")) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  headers.delete("etag");
  headers.set("cache-control", "private, no-store");
  return new Response(carry(await response.text(), finding), { status: response.status, headers });
};
