import { EXAMPLE_IDS } from "@dmtracker/server/api-reference/description.ts";
import { DESCRIPTIONS } from "@dmtracker/server/api-reference/openapi-document.ts";
import { ENDPOINTS, MESSAGES, type Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { expect, test } from "vitest";
import { answerProblems, bodyProblems, document } from "../support/api-document.ts";
import { call, type CallOptions } from "../support/http.ts";
import { aReceiver } from "../support/receiver.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer({
  variables: { WEBHOOK_ALLOW_PRIVATE: "1" },
  webhooksEveryMs: 2_000_000_000,
});
const PASSWORD = "correct horse battery";

test("[API11] the document describes every endpoint and every live message, and is served", async () => {
  const missing = Object.keys(ENDPOINTS).filter((endpoint) => !(endpoint in DESCRIPTIONS));
  // The document itself is what one is reading.
  expect(missing).toEqual(["GET /openapi.json"]);
  const { fromClient } = document["x-live-protocol"];
  expect(fromClient.map(({ name }) => name).toSorted()).toEqual(Object.keys(MESSAGES).toSorted());
  const response = await fetch(`${server.url}/api/v1/openapi.json`);
  const served = (await response.json()) as typeof document;
  expect(served.openapi).toBe("3.1.0");
  expect(Object.keys(served.paths)).toEqual(Object.keys(document.paths));
  expect(served.servers).toEqual([{ url: `${server.url}/api/v1` }]);
  // Programs must take fields that come later.
  expect(JSON.stringify(served.components)).not.toContain('additionalProperties":false');
});

type IdName = keyof typeof EXAMPLE_IDS;
type Ids = Partial<Record<IdName, string>>;

/** Files are no JSON: they are sent and read as they are. */
const upload = (cookie: string) =>
  fetch(`${server.url}/api/v1/imports?name=leads.csv`, {
    method: "POST",
    headers: { cookie, "content-type": "text/csv", origin: server.url },
    body: "Username\nmia.moves\n",
  });

/** Real things for the ids of the examples; each call gets its own where the call may use it up. */
async function aWorld(organization: TestOrganization) {
  const receiver = await aReceiver();
  const { owner, pipeline, token } = organization;
  const make = async <T>(path: string, body: object): Promise<T> => {
    const { status, body: answer } = await call<T>(server.url, "POST", path, { cookie: owner.cookie, body });
    if (status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  let made = 0;
  const name = () => `thing ${(made += 1)}`;
  const { data } = (
    await call<{ contact_id: string }>(server.url, "POST", "/organization/create-contact", {
      token,
      body: { username: "kim.fit", manychat_id: 4711, tags: ["Cold"] },
    })
  ).body;
  const of = `/pipelines/${pipeline.id}`;
  const fresh: Partial<Record<IdName, (ids: Ids) => Promise<string>>> = {
    stageId: async () => (await make<{ stage: { id: string } }>(`${of}/stages`, { name: name() })).stage.id,
    ruleId: async () => {
      const rule = {
        type: "stage_to_status",
        stageId: pipeline.stages[4]?.id,
        status: "won",
        enabled: false,
      };
      return (await make<{ rule: { id: string } }>(`${of}/rules`, rule)).rule.id;
    },
    timedRuleId: async () => {
      const rule = { act: "remind", days: (made += 1), enabled: false };
      return (await make<{ timed_rule: { id: string } }>(`${of}/timed-rules`, rule)).timed_rule.id;
    },
    tagId: async () => (await make<{ tag: { id: string } }>("/tags", { name: name() })).tag.id,
    otherTagId: async () => (await make<{ tag: { id: string } }>("/tags", { name: name() })).tag.id,
    reasonId: async () => {
      const { lost_reason } = await make<{ lost_reason: { id: string } }>("/organization/lost-reasons", {
        name: name(),
      });
      return lost_reason.id;
    },
    viewId: async () => {
      const view = { name: name(), place: "board", pipelineId: pipeline.id, filter: {} };
      return (await make<{ view: { id: string } }>("/views", view)).view.id;
    },
    linkId: async () => (await make<{ link: { id: string } }>("/wins/tv-links", { name: name() })).link.id,
    tokenId: async () => (await make<{ token: { id: string } }>("/tokens", { name: name() })).token.id,
    webhookId: async () =>
      (await make<{ webhook: { id: string } }>("/webhooks", { url: receiver.url })).webhook.id,
    deliveryId: async ({ webhookId }) =>
      (await make<{ delivery: { id: string } }>(`/webhooks/${webhookId}/ping`, {})).delivery.id,
    importId: async () => {
      const file = await upload(owner.cookie);
      return ((await file.json()) as { data: { id: string } }).data.id;
    },
    bulkId: async () => {
      const bulk = { contact_ids: [data.contact_id], value: (made += 1) };
      return (await make<{ id: string }>("/bulk-actions", bulk)).id;
    },
    invitationId: async () => {
      const invited = { email: `someone.${(made += 1)}@example.com`, role: "member" };
      return (await make<{ invitation: { id: string } }>("/invitations", invited)).invitation.id;
    },
    sessionId: async () => {
      await fetch(`${server.url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: server.url },
        body: JSON.stringify({ email: owner.email, password: PASSWORD }),
      });
      const { body } = await call<{ sessions: { id: string; current: boolean }[] }>(
        server.url,
        "GET",
        "/account/sessions",
        { cookie: owner.cookie },
      );
      return body.data.sessions.find(({ current }) => !current)?.id ?? "";
    },
  };
  const fixed: Ids = {
    contactId: data.contact_id,
    pipelineId: pipeline.id,
    otherStageId: pipeline.stages[1]?.id ?? "",
    userId: organization.member.id,
    organizationId: organization.id,
  };
  return async (text: string): Promise<string> => {
    const ids: Ids = {};
    let real = text;
    for (const [name, example] of Object.entries(EXAMPLE_IDS) as [IdName, string][]) {
      if (!text.includes(example)) continue;
      ids[name] = fixed[name] ?? (await fresh[name]?.(ids)) ?? "";
      real = real.replaceAll(example, ids[name]);
    }
    return real;
  };
}

/** Calls that end something for the caller, or need what no example can hold: told one by one, in this order. */
const TOLD_APART = [
  "GET /contacts/export",
  "POST /imports",
  "GET /imports/:importId/problems",
  "GET /wins/screen",
  "POST /sign-up",
  "POST /sign-up/link",
  "POST /password-reset/link",
  "POST /password-reset",
  "POST /invitations/read",
  "POST /invitations/accept",
  "DELETE /members/:userId",
  "POST /organization/owner",
  "POST /account/password",
  "POST /organization/leave",
  "DELETE /organization",
  "DELETE /account/sessions",
] as const satisfies Endpoint[];

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"];
const methodOf = (endpoint: string): string => endpoint.split(" ")[0] ?? "";

test("[API12] every example of the document works, and every answer is as the document says", async () => {
  const organization = await server.anOrganization();
  const { owner, admin, token } = organization;
  const inReal = await aWorld(organization);
  const problems: unknown[] = [];
  const told = new Set<string>();
  const run = async (endpoint: Endpoint, options: CallOptions, wanted: number[] = [200, 201, 202]) => {
    told.add(endpoint);
    const pattern = endpoint.split(" ")[1] ?? "";
    const asExample = pattern.replace(/:(\w+)/g, (_, name: IdName) => EXAMPLE_IDS[name]);
    const query = new URLSearchParams(DESCRIPTIONS[endpoint]?.example?.query);
    const example = JSON.stringify([`${asExample}?${query}`, options.body ?? null]);
    const [path, body] = JSON.parse(await inReal(example)) as [string, unknown];
    const sent = { ...options, ...(body !== null && { body }) };
    const { status, body: answer } = await call(server.url, methodOf(endpoint), path, sent);
    const found = [
      ...(wanted.includes(status) ? [] : [`answered ${status}`]),
      ...answerProblems(endpoint, status, answer),
      ...(body === null ? [] : bodyProblems(endpoint, body)),
    ];
    if (found.length > 0)
      problems.push({ endpoint, found: found.slice(0, 5), answer: JSON.stringify(answer).slice(0, 400) });
  };
  const ordinary = (Object.keys(DESCRIPTIONS) as Endpoint[])
    .filter((endpoint) => !(TOLD_APART as readonly string[]).includes(endpoint))
    .toSorted((a, b) => METHODS.indexOf(methodOf(a)) - METHODS.indexOf(methodOf(b)));
  for (const endpoint of ordinary) {
    const description = DESCRIPTIONS[endpoint];
    const body = description?.example?.body;
    if (description?.body) expect([endpoint, body === undefined]).toEqual([endpoint, false]);
    const caller = description?.chapter === "Integrations" ? { token } : { cookie: owner.cookie };
    await run(endpoint, { ...caller, ...(body !== undefined && { body }) });
  }

  const cookie = owner.cookie;
  const uploaded = await upload(cookie);
  const file = (await uploaded.json()) as { data: { id: string } };
  expect([uploaded.status, ...answerProblems("POST /imports", uploaded.status, file)]).toEqual([201]);
  told.add("POST /imports");
  await call(server.url, "POST", `/imports/${file.data.id}/check`, {
    cookie,
    body: { mapping: { username: 0 } },
  });
  for (const [endpoint, path] of [
    ["GET /contacts/export", "/contacts/export?status=open"],
    ["GET /imports/:importId/problems", `/imports/${file.data.id}/problems`],
  ] as const) {
    const answered = await fetch(`${server.url}/api/v1${path}`, { headers: { cookie } });
    expect([endpoint, answered.status, answered.headers.get("content-type")]).toEqual([
      endpoint,
      200,
      expect.stringContaining("text/csv"),
    ]);
    told.add(endpoint);
  }
  const { body: tv } = await call<{ url: string }>(server.url, "POST", "/wins/tv-links", {
    cookie,
    body: { name: "TV" },
  });
  await run("GET /wins/screen", { headers: { "x-tv-token": tv.data.url.split("#")[1] ?? "" } });
  const newcomer = { name: "Dora", email: `dora.${Date.now()}@example.com` };
  await run("POST /sign-up", {
    body: { ...newcomer, organization_name: "Dora's", password: PASSWORD },
  });
  const mayRefuse = [200, 400, 403, 404];
  await run("POST /sign-up/link", { body: { email: "x@example.com" } }, mayRefuse);
  await run("POST /password-reset/link", { body: { email: "x@example.com" } }, mayRefuse);
  await run("POST /password-reset", { body: { token: "unknown", password: PASSWORD } }, mayRefuse);
  const { body: invited } = await call<{ invitation: { link: string } }>(server.url, "POST", "/invitations", {
    cookie,
    body: { email: `eve.${Date.now()}@example.com`, role: "member" },
  });
  const letter = invited.data.invitation.link.split("#")[1] ?? "";
  await run("POST /invitations/read", { body: { token: letter } });
  await run("POST /invitations/accept", { body: { token: letter, name: "Eve", password: PASSWORD } });
  await run("DELETE /members/:userId", { cookie });
  await run("POST /organization/owner", { cookie, body: { user_id: admin.id, password: PASSWORD } });
  await run("POST /account/password", {
    cookie,
    body: { password: PASSWORD, new_password: "another long one" },
  });
  await run("POST /organization/leave", { cookie });
  const { body: settings } = await call<{ name: string }>(server.url, "GET", "/organization/settings", {
    cookie: admin.cookie,
  });
  await run("DELETE /organization", {
    cookie: admin.cookie,
    body: { name: settings.data.name, password: PASSWORD },
  });
  await run("DELETE /account/sessions", { cookie: admin.cookie });
  expect(problems).toEqual([]);
  expect([...told].toSorted()).toEqual(Object.keys(DESCRIPTIONS).toSorted());
}, 240_000);

test("[API12] refusals are as the document says: who is nobody, and who sends nonsense", async () => {
  const { owner } = await server.anOrganization();
  for (const endpoint of Object.keys(DESCRIPTIONS) as Endpoint[]) {
    const path = (endpoint.split(" ")[1] ?? "").replace(/:\w+/g, "0".repeat(24));
    const method = methodOf(endpoint);
    const isOpen = ENDPOINTS[endpoint] === "open";
    const nobody = await call(server.url, method, path);
    if (!isOpen) expect([endpoint, nobody.status]).toEqual([endpoint, 401]);
    expect([endpoint, ...answerProblems(endpoint, nobody.status, nobody.body)]).toEqual([endpoint]);
    if (!DESCRIPTIONS[endpoint]?.body) continue;
    const nonsense = await call(server.url, method, path, { cookie: owner.cookie, body: { nonsense: true } });
    expect([endpoint, nonsense.status >= 400 && nonsense.status < 500]).toEqual([endpoint, true]);
    expect([endpoint, ...answerProblems(endpoint, nonsense.status, nonsense.body)]).toEqual([endpoint]);
  }
}, 120_000);
