import { EXAMPLE_IDS } from "@dmtracker/server/api-reference/description.ts";
import { DESCRIPTIONS } from "@dmtracker/server/api-reference/openapi-document.ts";
import type { Endpoint } from "@dmtracker/shared/contracts/doors.ts";
import { call } from "./http.ts";
import { aReceiver } from "./receiver.ts";
import { PASSWORD, type TestOrganization } from "./server.ts";

type IdName = keyof typeof EXAMPLE_IDS;
type Ids = Partial<Record<IdName, string>>;
type FileOptions = { key?: string; text?: string };

/** A text of the reference with real ids for those of its examples. */
export type InReal = (text: string) => Promise<string>;

/** Files are no JSON: they are sent and read as they are. */
export const upload = (
  url: string,
  cookie: string,
  { key, text = "Username\nmia.moves\n" }: FileOptions = {},
) =>
  fetch(`${url}/api/v1/imports?name=leads.csv`, {
    method: "POST",
    headers: { cookie, "content-type": "text/csv", origin: url, ...(key && { "idempotency-key": key }) },
    body: text,
  });

/** Real things for the ids of the examples; each call gets its own where the call may use it up. */
export async function aWorld(url: string, organization: TestOrganization): Promise<InReal> {
  const receiver = await aReceiver();
  const { owner, pipeline, token } = organization;
  const make = async <T>(path: string, body: object): Promise<T> => {
    const { status, body: answer } = await call<T>(url, "POST", path, { cookie: owner.cookie, body });
    if (status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  let made = 0;
  const name = () => `thing ${(made += 1)}`;
  const { data } = (
    await call<{ contact_id: string }>(url, "POST", "/organization/create-contact", {
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
      const file = await upload(url, owner.cookie);
      return ((await file.json()) as { data: { id: string } }).data.id;
    },
    fileImportId: async () => {
      const file = await uploadOrganization(url, owner.cookie);
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
      await fetch(`${url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: url },
        body: JSON.stringify({ email: owner.email, password: PASSWORD }),
      });
      const { body } = await call<{ sessions: { id: string; current: boolean }[] }>(
        url,
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

/** The example of an endpoint as a call that works; `body` instead of the example's when it is given. */
export async function realCall(
  endpoint: Endpoint,
  inReal: InReal,
  body: unknown,
): Promise<{ path: string; body: unknown }> {
  const pattern = endpoint.split(" ")[1] ?? "";
  const asExample = pattern.replace(/:(\w+)/g, (_, name: IdName) => EXAMPLE_IDS[name]);
  const query = new URLSearchParams(DESCRIPTIONS[endpoint]?.example?.query);
  const example = JSON.stringify([`${asExample}?${query}`, body ?? null]);
  const [path, realBody] = JSON.parse(await inReal(example)) as [string, unknown];
  return { path, body: realBody ?? undefined };
}

/** Takes in an organization that is none: it says what is wrong with it. */
export const uploadOrganization = (
  url: string,
  cookie: string,
  { key, text = '{"nothing":{}}' }: { key?: string; text?: string } = {},
): Promise<Response> =>
  fetch(`${url}/api/v1/organization/imports`, {
    method: "POST",
    headers: { cookie, "content-type": "application/x-ndjson", ...(key && { "idempotency-key": key }) },
    body: text,
  });

/** Calls that end something for the caller, or need what no example can hold: told one by one, in this order. */
export const TOLD_APART = [
  "GET /contacts/export",
  "POST /imports",
  "GET /imports/:importId/problems",
  "GET /organization/export",
  "POST /organization/imports",
  "POST /organization/imports/:fileImportId/start",
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
export const methodOf = (endpoint: string): string => endpoint.split(" ")[0] ?? "";

/** All others, in an order in which none takes from the next what it needs. */
export const ORDINARY = (Object.keys(DESCRIPTIONS) as Endpoint[])
  .filter((endpoint) => !(TOLD_APART as readonly string[]).includes(endpoint))
  .toSorted((a, b) => METHODS.indexOf(methodOf(a)) - METHODS.indexOf(methodOf(b)));
