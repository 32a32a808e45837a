import { MESSAGES } from "@dmtracker/shared/contracts/doors.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import { z } from "zod";
import { FROM_CLIENT, FROM_SERVER, PROMISES, TRANSPORT } from "./live-protocol.ts";

const PEOPLE = ["owner", "admin", "member"] as const;

type Property = { type?: string; anyOf?: unknown[] };
type Shape = { properties?: Record<string, Property>; required?: string[] };

/** "`pipelineId`, `since?`" */
function fieldsOf(payload: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(payload, {
    io: "input",
    unrepresentable: "any",
  }) as Shape;
  return Object.keys(properties)
    .map((name) => `\`${name}${required.includes(name) ? "" : "?"}\``)
    .join(", ");
}

/** As a formatter writes it: a short list stays on its line. */
const toJson = (example: object): string =>
  JSON.stringify(example, null, 2).replace(/\[\n\s+("[^"\n]*")\n\s+\]/g, "[$1]");

function describeMessage(name: keyof typeof FROM_CLIENT): string {
  const { says, answer, payload, example } = FROM_CLIENT[name];
  const people = PEOPLE.filter((role) => may(role, MESSAGES[name])).join(", ");
  return [
    `### \`${name}\``,
    says,
    `- fields: ${fieldsOf(payload)}\n- acknowledged with \`ok: true\` and \`${answer}\`\n- for: ${people}`,
    ["```json", toJson(example), "```"].join("\n"),
  ].join("\n\n");
}

const AN_EXAMPLE = `\`\`\`js
import { io } from "socket.io-client";

// In a browser that is signed in the cookie comes by itself.
const socket = io("https://sales.example.com", { transports: ["websocket"], extraHeaders: { cookie } });
let seq = 0;
const apply = (event) => {
  if (event.seq !== seq + 1) return; // known already, or a gap: join again with \`since\`
  seq = event.seq;
};
const join = async () => {
  const reply = await socket.emitWithAck("pipeline:join", { pipelineId, since: seq });
  if (!reply.ok) throw new Error(reply.message);
  if (reply.snapshot) return loadBoard(); // GET /api/v1/pipelines/:id/board, and its \`seq\`
  reply.events.forEach(apply);
};
socket.on("connect", join);
socket.on("pipeline:events", ({ events }) => (events[0].seq > seq + 1 ? join() : events.forEach(apply)));
socket.on("pipeline:head", (head) => head.seq > seq && join());
\`\`\``;

/** docs/live-protocol.md: made from what the server validates and sends, so that it cannot say anything else. */
export function liveProtocolPage(): string {
  const names = Object.keys(FROM_CLIENT) as (keyof typeof FROM_CLIENT)[];
  const promises = PROMISES.map((promise, index) => `${index + 1}. ${promise}`).join("\n");
  const told = Object.entries(FROM_SERVER).map(
    ([name, { says, payload }]) => `- \`${name}\` \`${payload}\`: ${says}`,
  );
  return `${[
    "# The live protocol",
    `${TRANSPORT}. This page is made from the contracts by which the server checks and answers (\`server/api-reference\`); the reference of a running server at \`/api/docs\` shows the same with every field.`,
    "## Promises",
    promises,
    "## From the client",
    "Every message has one object and is acknowledged: with `{ ok: true, ... }`, or with `{ ok: false, code, message, issues }` and a code of `shared/contracts/error-codes.ts`. Rights are checked with every message. `rate_limited` says when to try again; a handshake that is refused says `unauthenticated`, `no_organization` or `rate_limited`.",
    ...names.map(describeMessage),
    "## From the server",
    told.join("\n"),
    "## A client in a few lines",
    AN_EXAMPLE,
  ].join("\n\n")}\n`;
}
