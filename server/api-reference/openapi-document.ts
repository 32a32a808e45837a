import { ENDPOINTS, type Access, type Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { describeRight, may } from "@dmtracker/shared/contracts/rights.ts";
import { FILTER_KEYS } from "@dmtracker/shared/pipeline/filter-query.ts";
import { z } from "zod";
import { BULK_ENDPOINTS } from "./describe-bulk.ts";
import { CONTACT_ENDPOINTS } from "./describe-contacts.ts";
import { DATA_ENDPOINTS } from "./describe-data.ts";
import { PEOPLE_ENDPOINTS } from "./describe-people.ts";
import { PIPELINE_ENDPOINTS } from "./describe-pipelines.ts";
import { PROGRAM_ENDPOINTS } from "./describe-programs.ts";
import { CHAPTERS, EXAMPLE_IDS, type Description, type Descriptions } from "./description.ts";
import { SchemaBook, type JsonSchema } from "./json-schema.ts";
import { describeLiveProtocol } from "./live-protocol.ts";

export const DESCRIPTIONS: Descriptions = {
  ...CONTACT_ENDPOINTS,
  ...BULK_ENDPOINTS,
  ...PIPELINE_ENDPOINTS,
  ...PEOPLE_ENDPOINTS,
  ...PROGRAM_ENDPOINTS,
  ...DATA_ENDPOINTS,
};

const REFUSALS = {
  400: "Malformed or invalid: `issues` name every field and what is allowed",
  401: "No token, a wrong or revoked one, or signed out",
  403: "Not allowed to this caller, or another organization was named",
  404: "No such thing in the caller's organization; for stages the message names the valid ones",
  409: "Somebody was faster (`If-Match`), or the `Idempotency-Key` was used for another call",
  413: "The body is too large",
  415: "The body is not JSON",
  429: "Too many calls: `Retry-After` says when",
  500: "A failure of ours: `request_id` is in the log",
  503: "Busy or stopping: send the same call again",
} as const;

const RefusalBody = ErrorBody.extend({ status: z.literal("error") });
const WRITE_HEADERS = [
  ["Idempotency-Key", "The same key and call get the first answer, however often it is sent, for a day."],
  ["If-Match", "Version of the contact that one saw: a newer one is not overwritten."],
  ["Prefer", "`wait=delivered` answers how many open boards have the change."],
] as const;

const FILTER_TEXT: Record<(typeof FILTER_KEYS)[number], string> = {
  status: "`open`, `won`, `lost`, `abandoned`; several apart by commas.",
  stage: "Ids of stages.",
  conversation: "`new_message`, `replied`, `no_reply`, `none`.",
  tags: "`any:`, `all:` or `none:`, then ids of tags.",
  assignee: "Ids of members, `nobody`.",
  source: "`user`, `api`, `import`, `demo`.",
  date: "`created:`, `last_message:` or `status_changed:`, then `today`, `this_week`, `this_month`, `last_30_days` or `2026-11-01..2026-11-30`.",
  parked: "`yes`, `no`.",
  quiet: "Days without activity.",
  q: "Every word begins a word of the handle, name, e-mail or phone.",
};

function securityOf(access: Access): object[] {
  if (access === "open") return [];
  return access !== "person" && may("token", access) ? [{ token: [] }, { session: [] }] : [{ session: [] }];
}

const ASKERS = ["owner", "admin", "member", "token"] as const;

/** "GET /contacts/:contactId" -> "getContactsContactId" */
function operationIdOf(endpoint: Endpoint): string {
  const [method = "", ...words] = endpoint.split(/[^a-zA-Z]+/).filter(Boolean);
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function whoMay(access: Access): string {
  if (access === "open") return "Open to everybody.";
  if (access === "person") return "For everybody who is signed in.";
  const isForAll = ASKERS.every((asker) => may(asker, access));
  return isForAll ? "For every member and every token." : `${describeRight(access)}.`;
}

function parametersOf(endpoint: Endpoint, description: Description, book: SchemaBook): object[] {
  const { query, filtered, example, chapter } = description;
  const named = [...endpoint.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", pattern: "^[0-9a-f]{24}$" },
    example: EXAMPLE_IDS[name as keyof typeof EXAMPLE_IDS],
  }));
  const asked = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: !(schema as z.ZodType).safeParse(undefined).success,
    schema: book.parameter(schema as z.ZodType),
    ...(example?.query?.[name] !== undefined && { example: example.query[name] }),
  }));
  const filters = FILTER_KEYS.filter(() => filtered).map((name) => ({
    name,
    in: "query",
    required: false,
    description: FILTER_TEXT[name],
    schema: { type: "string" },
    ...(example?.query?.[name] !== undefined && { example: example.query[name] }),
  }));
  const isWrite = !endpoint.startsWith("GET ");
  // Version and delivery are those of a contact.
  const taken = WRITE_HEADERS.filter(([name]) => name === "Idempotency-Key" || chapter === "Integrations");
  const headers = taken
    .filter(() => isWrite)
    .map(([name, text]) => ({
      name,
      in: "header",
      required: false,
      description: text,
      schema: { type: "string" },
    }));
  return [...named, ...asked, ...filters, ...headers];
}

const CSV = { "text/csv": { schema: { type: "string" } } };

function responsesOf(
  endpoint: Endpoint,
  { data, statuses = [200], file }: Description,
  book: SchemaBook,
): object {
  const schema = book.answer(z.object({ status: z.literal("success"), message: z.string(), data }));
  const successes = statuses.map((status) => [
    status,
    { description: "Success", content: file === "answer" ? CSV : { "application/json": { schema } } },
  ]);
  const isRead = endpoint.startsWith("GET ");
  const refusals = Object.keys(REFUSALS)
    .filter((status) => !isRead || !["409", "413", "415"].includes(status))
    .map((status) => [status, { $ref: `#/components/responses/${status}` }]);
  return Object.fromEntries([...successes, ...refusals]) as object;
}

function operationOf(endpoint: Endpoint, description: Description, book: SchemaBook): object {
  const { chapter, summary, text, body, example, file } = description;
  const access = ENDPOINTS[endpoint];
  return {
    operationId: operationIdOf(endpoint),
    tags: [chapter],
    summary,
    description: [text, whoMay(access)].filter(Boolean).join(" "),
    security: securityOf(access),
    parameters: parametersOf(endpoint, description, book),
    ...(file === "body" && { requestBody: { required: true, content: CSV } }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: book.body(body),
            ...(example?.body !== undefined && { example: example.body }),
          },
        },
      },
    }),
    responses: responsesOf(endpoint, description, book),
  };
}

/** The document as it is served, and with `strict` as our answers are checked by it. */
export function openApiDocument(publicUrl: string, { strict = false } = {}) {
  const book = new SchemaBook(strict);
  const paths: Record<string, Record<string, object>> = {};
  for (const [endpoint, description] of Object.entries(DESCRIPTIONS) as [Endpoint, Description][]) {
    const [method = "", path = ""] = endpoint.split(" ");
    const key = path.replace(/:(\w+)/g, "{$1}");
    paths[key] = { ...paths[key], [method.toLowerCase()]: operationOf(endpoint, description, book) };
  }
  const refusal = book.answer(RefusalBody);
  const event = book.answer(z.object({ type: z.string(), timestamp: z.string(), data: PipelineEvent }));
  return {
    openapi: "3.1.0",
    info: {
      title: "DmTracker",
      version: "1",
      description:
        "Answers are `{ status, message, data }`, errors `{ status, code, message, issues }`. Ignore fields that you do not know: there will be more. Reads carry an ETag. The live protocol stands beside this, in `x-live-protocol`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: `${publicUrl}/api/v1` }],
    tags: CHAPTERS.map((name) => ({ name })),
    paths,
    webhooks: {
      event: {
        post: {
          summary: "What your own address gets",
          description:
            "Signed as Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. In the order of the log; any 2xx within ten seconds is success, everything else comes again for three days.",
          requestBody: { content: { "application/json": { schema: event } } },
          responses: { "2XX": { description: "Received" } },
        },
      },
    },
    components: {
      securitySchemes: {
        token: { type: "apiKey", in: "header", name: "x-org-auth-token" },
        session: { type: "apiKey", in: "cookie", name: "better-auth.session_token" },
      },
      responses: Object.fromEntries(
        Object.entries(REFUSALS).map(([status, description]) => [
          status,
          { description, content: { "application/json": { schema: refusal } } },
        ]),
      ),
      schemas: book.components satisfies Record<string, JsonSchema>,
    },
    "x-live-protocol": describeLiveProtocol(book),
  };
}
