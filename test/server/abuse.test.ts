import { DESCRIPTIONS } from "@dmtracker/server/api-reference/openapi-document.ts";
import { ERROR_STATUS } from "@dmtracker/shared/contracts/error-codes.ts";
import { ENDPOINTS, MESSAGES, type Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { answerProblems } from "../support/api-document.ts";
import { BoardClient } from "../support/board-client.ts";
import { databaseDigest } from "../support/database-digest.ts";
import { startServer } from "../support/server.ts";

/** So many of each kind: ten thousand together. ABUSE and SEED choose otherwise. */
const TIMES = Number(process.env.ABUSE ?? 3_334);
/** On their way at the same time: people abuse in parallel, and nobody waits for an answer. */
const AT_ONCE = 32;
const RUNS = Math.ceil(TIMES / AT_ONCE);
const TIMEOUT_MS = 120_000 + TIMES * 60;
const seed = process.env.SEED && { seed: Number(process.env.SEED) };

/** Sends them all, in bunches; of a bunch that fails the one that fails is told. */
function assertAll<T>(drawn: fc.Arbitrary<T>, send: (one: T) => Promise<void>): Promise<void> {
  const bunch = fc.array(drawn, { minLength: AT_ONCE, maxLength: AT_ONCE, size: "max" });
  const sendAll = (all: T[]) =>
    Promise.all(
      all.map((one) =>
        send(one).catch((error: unknown) => {
          throw new Error(fc.stringify(one).slice(0, 2_000), { cause: error });
        }),
      ),
    ).then(() => undefined);
  // What one call makes of the server cannot be told from one call less: no shrinking.
  return fc.assert(fc.asyncProperty(bunch, sendAll), { numRuns: RUNS, endOnFailure: true, ...seed });
}

const crashes: unknown[] = [];
const noteCrash = (error: unknown) => void crashes.push(error);
process.on("uncaughtException", noteCrash);
process.on("unhandledRejection", noteCrash);
afterAll(() => {
  process.off("uncaughtException", noteCrash);
  process.off("unhandledRejection", noteCrash);
});

const server = await startServer({ webhooksEveryMs: 2_000_000_000, heartbeatMs: 2_000_000_000 });
const organization = await server.anOrganization();
const { owner, token, pipeline } = organization;

/** Words that mean something somewhere: to MongoDB, to JavaScript, to a shell, a file system or a page. */
const LOADED = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "$gt",
  "$where",
  "$ne",
  "$regex",
  "a.b",
  "",
  " ",
  "\u0000",
  "\ud800",
  "\u202e",
  "🧨".repeat(50),
  "'; DROP TABLE contacts; --",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "%00",
  "(a+)+$",
  "=HYPERLINK(1)",
  "NaN",
  "-1",
  "1e999",
  "9999999999999999999999",
  "0".repeat(24),
  "f".repeat(24),
  "0".repeat(5_000),
  "2026-02-30T25:61:00Z",
];
/** Keys of the bodies themselves, so that nonsense also gets past the first look. */
const FIELDS =
  "contact_id manychat_id username status stage stage_id value tags add remove set name url events pipeline_id filter role email token password days act type enabled after into time_zone cadence since batch_id place content pipelineId".split(
    " ",
  );

const word = fc.oneof(fc.constantFrom(...LOADED), fc.string({ unit: "grapheme", maxLength: 40 }));
const key = fc.oneof(fc.constantFrom(...FIELDS), fc.constantFrom(...LOADED), fc.string({ maxLength: 10 }));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    word,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 4 }),
    // Written as text, so that __proto__ is a key as a client sends it.
    fc.array(fc.tuple(key, tie("json")), { maxLength: 6 }).map((pairs) => new Map(pairs)),
  ),
}));

function asText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asText).join(",")}]`;
  if (!(value instanceof Map)) return JSON.stringify(value) ?? "null";
  const pairs = [...(value as Map<string, unknown>)].map(
    ([name, inner]) => `${JSON.stringify(name)}:${asText(inner)}`,
  );
  return `{${pairs.join(",")}}`;
}

const endpoint = fc.constantFrom(...(Object.keys(ENDPOINTS) as Endpoint[]));
const body = fc.oneof(
  { weight: 6, arbitrary: json.map(asText) },
  { weight: 2, arbitrary: word },
  {
    weight: 1,
    arbitrary: fc.constantFrom("{", '{"a":', "[".repeat(2_000), "\ufeff{}", "null", "0", '"text"'),
  },
  { weight: 1, arbitrary: fc.constantFrom(`{"name":"${"x".repeat(300_000)}"}`) },
);
const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant("application/json") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/json; charset=utf-7",
      "nonsense",
    ),
  },
);
const header = fc.constantFrom(
  "",
  "0",
  '"1"',
  "-1",
  "999999999",
  "x".repeat(300),
  'W/"abc"',
  "wait=delivered",
);
const query = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom(
        "status",
        "stage",
        "q",
        "date",
        "tags",
        "cursor",
        "limit",
        "after",
        "sort",
        "ids",
        "period",
        "figure",
        "kind",
        "before",
        "until",
        "move_to",
        "after_rank",
        "after_id",
      ),
      word,
    ),
    word,
  ),
  { maxLength: 4 },
);
const caller = fc.constantFrom<Record<string, string>>(
  { "x-org-auth-token": token },
  { "x-org-auth-token": "nonsense" },
  { cookie: owner.cookie },
  {},
);

const wellFormed = (text: string): string => encodeURIComponent(text.toWellFormed());
/** Only what a refusal may be. */
const REFUSALS = new Set<number>(Object.values(ERROR_STATUS).filter((status) => status < 500));

const sentCall = fc.record({
  endpoint,
  ids: fc.array(word, { minLength: 3, maxLength: 3 }),
  query,
  body,
  contentType,
  caller,
  headers: fc.tuple(header, header, header),
});
type SentCall = typeof sentCall extends fc.Arbitrary<infer Call> ? Call : never;

async function send({ endpoint, ids, query, body, contentType, caller, headers }: SentCall) {
  const [method = "", pattern = ""] = endpoint.split(" ");
  const path = ids.reduce((text, id) => text.replace(/:\w+/, () => wellFormed(id) || "0"), pattern);
  const asked = query.map(([name, value]) => `${wellFormed(name)}=${wellFormed(value)}`).join("&");
  const hasBody = method !== "GET";
  const [key, match, prefer] = headers;
  const response = await fetch(`${server.url}/api/v1${path}?${asked}`, {
    method,
    headers: {
      ...caller,
      ...(hasBody && { "content-type": contentType }),
      ...(key && { "idempotency-key": key }),
      ...(match && { "if-match": match }),
      ...(prefer && { prefer }),
    },
    ...(hasBody && { body: Buffer.from(body.toWellFormed()) }),
  });
  return { status: response.status, text: await response.text() };
}

/** As the document says, and nothing of ours shows. */
function checkAnswer({ endpoint }: SentCall, { status, text }: { status: number; text: string }): void {
  const isFile = DESCRIPTIONS[endpoint]?.file === "answer" && status === 200;
  if (endpoint === "GET /openapi.json" || isFile) return;
  const answer = JSON.parse(text) as unknown;
  if (status >= 300) expect(REFUSALS).toContain(status);
  expect(answerProblems(endpoint, status, answer)).toEqual([]);
  expect(text).not.toMatch(/node_modules|\bat .+\.ts:\d+/);
}

/** Calls without any input that are right as they are, and the one whose body is a file. */
const RIGHT_AS_THEY_ARE: ReadonlySet<Endpoint> = new Set(["DELETE /account/sessions", "POST /imports"]);

/** No endpoint takes a field that it does not know: an object with one is wrong, whatever else it says. */
const withNonsense = (call: SentCall): SentCall =>
  call.body.startsWith("{") && call.body.endsWith("}")
    ? { ...call, body: call.body === "{}" ? '{"nonsense":1}' : `${call.body.slice(0, -1)},"nonsense":1}` }
    : call;

test(
  "[AB1] malformed calls of every endpoint are refused as documented and change nothing",
  async () => {
    const understood: SentCall[] = [];
    const before = await databaseDigest();
    const wrong = sentCall.filter(({ endpoint }) => !RIGHT_AS_THEY_ARE.has(endpoint)).map(withNonsense);
    const sendWrong = async (call: SentCall): Promise<void> => {
      const answer = await send(call);
      checkAnswer(call, answer);
      if (answer.status < 300 && !call.endpoint.startsWith("GET ")) understood.push(call);
    };
    await assertAll(wrong, sendWrong);
    expect(understood).toEqual([]);
    expect(await databaseDigest()).toEqual(before);
    expect(crashes).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[AB2] random and malformed live messages are answered, change nothing and end nothing",
  async () => {
    const client = await new BoardClient(server.url, owner.cookie, pipeline.id).open();
    const before = await databaseDigest();
    const names = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...Object.keys(MESSAGES)) },
      { weight: 1, arbitrary: word },
    );
    const RESERVED = new Set([
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]);
    const say = async ([name, payload]: [string, unknown]): Promise<void> => {
      const socket = client.socket as unknown as {
        timeout: (ms: number) => {
          emitWithAck: (name: string, payload: unknown) => Promise<{ ok: boolean; code?: string }>;
        };
      };
      const reply = await socket.timeout(20_000).emitWithAck(name, payload);
      expect(reply.ok).toBe(false);
      expect(Object.keys(ERROR_STATUS)).toContain(reply.code);
      expect(reply.code).not.toBe("internal");
    };
    const payload = json.map((value) => JSON.parse(asText(value)) as unknown);
    const spoken = fc.tuple(
      names.filter((name) => !RESERVED.has(name)),
      payload,
    );
    await assertAll(spoken, say);
    expect(await databaseDigest()).toEqual(before);
    expect(client.socket.connected).toBe(true);
    client.close();
    expect(crashes).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[AB1] random calls of every endpoint, also those that happen to be right, are answered as documented",
  async () => {
    const sendAnything = async (call: SentCall): Promise<void> => checkAnswer(call, await send(call));
    await assertAll(
      sentCall.filter(({ endpoint }) => endpoint !== "DELETE /account/sessions"),
      sendAnything,
    );
    expect(crashes).toEqual([]);
  },
  TIMEOUT_MS,
);
