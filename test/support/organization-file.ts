import type { OrganizationImport } from "@dmtracker/shared/contracts/organization-file.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { makeContacts } from "./contacts.ts";
import { eventually } from "./eventually.ts";
import { call, type Answer } from "./http.ts";
import type { TestOrganization, TestServer } from "./server.ts";

export type Line = Record<string, Record<string, unknown>>;

export const linesOf = (file: Buffer): Line[] =>
  file
    .toString()
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text) as Line);

/** A file without what may differ: which ids, who is here, when it was written, where each contact's log ends. */
export function withoutIds(file: Buffer): string[] {
  const names = new Map<string, string>();
  const ordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ordered);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, ordered(inner)]),
    );
  };
  const plain = (line: Line): string =>
    JSON.stringify(ordered(line)).replace(/[0-9a-f]{24}/g, (id) => {
      const known = names.get(id) ?? `#${names.size}`;
      names.set(id, known);
      return known;
    });
  const lines = linesOf(file)
    .filter(({ dmtracker, member }) => !dmtracker && !member)
    .map((line) => (line.view ? { view: { ...line.view, ownerId: "" } } : line));
  const others = lines.filter(({ contact, counts }) => !contact && !counts).map(plain);
  const contacts = lines.flatMap(({ contact }) => (contact ? [{ contact: { ...contact, seq: 0 } }] : []));
  const byName = contacts.sort((a, b) => (JSON.stringify(a.contact) < JSON.stringify(b.contact) ? -1 : 1));
  return [...others, ...byName.map((line) => plain(line as unknown as Line)).sort()];
}

export const asRuleCall = ({ pipeline, owner }: TestOrganization) => ({
  pipelineId: pipeline.id,
  actor: { type: "user" as const, id: owner.id, name: owner.name },
  mutation: undefined,
});

/** Calls of an organization's owner, and the way of its files out and in. */
export function organizationFiles(server: TestServer) {
  const own = <T>({ owner }: TestOrganization, method: string, path: string, body?: unknown) =>
    call<T>(server.url, method, path, { cookie: owner.cookie, ...(body !== undefined && { body }) });

  async function exported({ owner }: TestOrganization, query = ""): Promise<Buffer> {
    const response = await fetch(`${server.url}/api/v1/organization/export${query}`, {
      headers: { cookie: owner.cookie },
    });
    if (response.status !== 200) throw new Error(`the export answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async function upload({ owner }: TestOrganization, file: Buffer | string) {
    const response = await fetch(`${server.url}/api/v1/organization/imports?name=a.jsonl`, {
      method: "POST",
      headers: { cookie: owner.cookie, "content-type": "application/x-ndjson" },
      body: typeof file === "string" ? file : new Uint8Array(file),
    });
    return { status: response.status, body: (await response.json()) as Answer<OrganizationImport>["body"] };
  }

  async function start(organization: TestOrganization, id: string): Promise<void> {
    const { status } = await own(organization, "POST", `/organization/imports/${id}/start`);
    if (status !== 202) throw new Error(`the start of an import answered ${status}`);
  }

  const ended = (organization: TestOrganization, id: string): Promise<OrganizationImport> =>
    eventually(async () => {
      const { body } = await own<OrganizationImport>(organization, "GET", `/organization/imports/${id}`);
      if (body.data.run?.state === "running") throw new Error("the import is still running");
      return body.data;
    });

  async function takeIn(organization: TestOrganization, file: Buffer): Promise<OrganizationImport> {
    const { data } = (await upload(organization, file)).body;
    if (data.problems.length > 0) throw new Error(`the file is refused: ${JSON.stringify(data.problems)}`);
    await start(organization, data.id);
    return ended(organization, data.id);
  }

  /** A life as organizations have one. */
  async function aLivedOne(): Promise<TestOrganization> {
    const organization = await server.anOrganization();
    const { token, pipeline } = organization;
    const api = (method: string, path: string, body?: unknown) =>
      call<ContactStatusAnswer>(server.url, method, path, { token, ...(body !== undefined && { body }) });
    const closed = pipeline.stages[4]?.id ?? "";
    await createRule(server.context, asRuleCall(organization), {
      type: "stage_to_status",
      stageId: closed,
      status: "won",
      enabled: true,
    });
    await own(organization, "PATCH", "/organization/settings", { time_zone: "Asia/Tokyo", cadence: [2, 5] });
    const second = await own<{ pipeline: Pipeline }>(organization, "POST", "/pipelines", {
      name: "Partners",
    });
    await own(organization, "POST", "/views", {
      name: "Warm",
      place: "contacts",
      pipelineId: pipeline.id,
      shared: true,
      filter: { leadStatus: ["open"], stageId: [closed] },
    });
    await makeContacts(server, organization, 30);
    const create = async (body: object): Promise<string> =>
      (await api("POST", "/organization/create-contact", body)).body.data.contact_id;
    const kim = await create({ username: "kim", tags: ["vip", "Gym"], value: 12.5, manychat_id: 77 });
    await create({ username: "partner", pipeline_id: second.body.data.pipeline.id, tags: ["vip"] });
    const gone = await create({ username: "gone", display_name: "0123456789abcdef01234567" });
    await api("POST", "/contact/default-reply", { username: "kim", manychat_id: 77, message_content: "Hi" });
    await api("PATCH", "/contact/contact-status", { contact_id: kim, stage_id: closed });
    await api("PATCH", "/contact/parking", {
      username: "gone",
      parked: { until: new Date(Date.now() + 9e8).toISOString(), reason: "away" },
    });
    await api("DELETE", `/contacts/${gone}`);
    return organization;
  }

  return { own, exported, upload, start, ended, takeIn, aLivedOne };
}
