import { BulkModel } from "@dmtracker/server/bulk/bulk.model.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { RunningBulks } from "@dmtracker/server/bulk/running-bulks.ts";
import { findImport } from "@dmtracker/server/import/import.store.ts";
import { startImport } from "@dmtracker/server/import/start-import.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { findEventsAfter } from "@dmtracker/server/activity/event.store.ts";
import type { Import, ImportCheck } from "@dmtracker/shared/contracts/imports.ts";
import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call, type Answer } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

type Body = string | Buffer;

async function upload(organization: TestOrganization, body: Body, as = organization.token) {
  const response = await fetch(`${server.url}/api/v1/imports?name=leads.csv`, {
    method: "POST",
    headers: { "x-org-auth-token": as, "content-type": "text/csv" },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  return { status: response.status, body: (await response.json()) as Answer<Import>["body"] };
}

const post = <T>({ token }: TestOrganization, path: string, body: unknown) =>
  call<T>(server.url, "POST", path, { token, body });

const stageId = ({ pipeline }: TestOrganization, name: string): string =>
  pipeline.stages.find((stage) => stage.name === name)?.id ?? "";

async function runImport(organization: TestOrganization, csv: Body): Promise<Import> {
  const { data } = (await upload(organization, csv)).body;
  await post(organization, `/imports/${data.id}/start`, { mapping: data.mapping });
  return ended(organization, data.id);
}

function ended({ token }: TestOrganization, id: string): Promise<Import> {
  return eventually(async () => {
    const { body } = await call<Import>(server.url, "GET", `/imports/${id}`, { token });
    expect(body.data.run?.state).not.toBe("running");
    return body.data;
  });
}

async function textOf({ token }: TestOrganization, path: string): Promise<string> {
  const response = await fetch(`${server.url}/api/v1${path}`, { headers: { "x-org-auth-token": token } });
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  return response.text();
}

const contactsOf = (organization: TestOrganization) =>
  ContactModel.find({ organizationId: organization.id }).sort({ username: 1 }).lean();

const manyRows = (count: number): string =>
  ["username,name,value", ...Array.from({ length: count }, (_, i) => `lead.${i},Lead ${i},${i}`)].join("\n");

test("[IM2] a file is understood whatever its encoding, its delimiter and its line ends", async () => {
  const organization = await server.anOrganization();
  const text = "username;name\r\nkim;Zoë Müller\r\n";
  const files: [string, Buffer][] = [
    ["utf-8", Buffer.from(text)],
    ["utf-8", Buffer.from(`\ufeff${text}`)],
    ["utf-16le", Buffer.from(`\ufeff${text}`, "utf16le")],
    ["windows-1252", Buffer.from(text, "latin1")],
  ];
  for (const [encoding, file] of files) {
    const { status, body } = await upload(organization, file);
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      encoding,
      delimiter: ";",
      columns: ["username", "name"],
      rows: 1,
      sample: [["kim", "Zoë Müller"]],
      mapping: { username: 0, displayName: 1 },
    });
  }
});

test("[IM4] a check tells for every row what would happen and changes nothing", async () => {
  const organization = await server.anOrganization();
  await post(organization, "/organization/create-contact", { username: "kim", display_name: "Kim" });
  const csv =
    "username,name,stage,status,tags,email\n@Kim,Kim 2,,,,\nlee,Lee,Closed,won,vip,\nbad,,Nowhere,,,x\n\nkim,Kim 2,,,,\nlee,,,,vip,";
  const { data } = (await upload(organization, csv)).body;
  const plan = { mapping: data.mapping };
  const { body } = await post<ImportCheck>(organization, `/imports/${data.id}/check`, plan);
  expect(body.data).toMatchObject({ created: 1, updated: 1, unchanged: 2, refused: 1, new_tags: ["vip"] });
  expect(body.data.rows.map(({ row, result, stage, status }) => [row, result, stage, status])).toEqual([
    [2, "updated", "Outreach Sent", "open"],
    [3, "created", "Closed", "won"],
    [4, "refused", null, null],
    [6, "unchanged", "Outreach Sent", "open"],
    [7, "unchanged", "Closed", "won"],
  ]);
  expect(await textOf(organization, `/imports/${data.id}/problems`)).toBe(
    `Row,Field,Reason\r\n4,E-mail,Invalid email address\r\n4,Stage,"is no stage. The stages are: ${organization.pipeline.stages.map(({ name }) => name).join(", ")}"\r\n`,
  );
  expect(await contactsOf(organization)).toHaveLength(1);
  expect((await call(server.url, "GET", "/tags", { token: organization.token })).body.data).toMatchObject({
    tags: [],
  });
});

test("[IM5] an import makes and updates contacts as everything else does: rules answer, one batch, by its author", async () => {
  const organization = await server.anOrganization();
  const closed = stageId(organization, "Closed");
  await createRule(
    server.context,
    {
      pipelineId: organization.pipeline.id,
      actor: { type: "user", id: organization.owner.id, name: "Ana" },
      mutation: undefined,
    },
    { type: "stage_to_status", stageId: closed, status: "won", enabled: true },
  );
  await post(organization, "/organization/create-contact", {
    username: "kim",
    display_name: "Kim",
    value: 5,
  });
  const done = await runImport(
    organization,
    'username,name,stage,notes,tags,manychat id\nkim,,closed,Wrote in May,vip,77\nlee,Lee,Closed,,"vip, Gym",',
  );
  expect(done.run).toMatchObject({ state: "done", total: 2, done: 2, created: 1, updated: 1, refused: 0 });
  const [kim, lee] = await contactsOf(organization);
  expect(kim).toMatchObject({
    displayName: "Kim",
    value: 5,
    leadStatus: "won",
    manychatId: "77",
    source: "api",
  });
  expect(lee).toMatchObject({ displayName: "Lee", leadStatus: "won", source: "import" });
  expect(lee?.tagIds).toHaveLength(2);
  const events = (await findEventsAfter(organization.pipeline.id, 0, 1_000)).filter(
    ({ batchId }) => batchId === done.id,
  );
  expect(events.filter(({ type }) => type === "contact.note_added")).toHaveLength(1);
  expect(events.filter(({ actor }) => actor.type === "automation")).toHaveLength(2);
  expect(new Set(events.map(({ actor, cause }) => (cause?.actor ?? actor).type))).toEqual(new Set(["api"]));
});

test("[IM6] rivals 48: five thousand rows go through in parts, errors are told by row, the same file again changes nothing", async () => {
  const organization = await server.anOrganization();
  const rows = manyRows(5_000).split("\n");
  rows[100] = "two words,Nobody,1";
  rows[4_321] = "lead.4320,Lead,twelve";
  const done = await runImport(organization, rows.join("\n"));
  expect(done.run).toMatchObject({ state: "done", total: 5_000, done: 5_000, created: 4_998, refused: 2 });
  expect(await textOf(organization, `/imports/${done.id}/problems`)).toBe(
    'Row,Field,Reason\r\n101,Username,"must not contain spaces, @ or /"\r\n4322,Deal value,"""twelve"" is no amount"\r\n',
  );
  const again = await runImport(organization, rows.join("\n"));
  expect(again.run).toMatchObject({ created: 0, updated: 0, unchanged: 4_998, refused: 2 });
  expect(await ContactModel.countDocuments({ organizationId: organization.id })).toBe(4_998);
  // Started again, even at the same time, the same file is not imported a second time.
  const { status } = await post(organization, `/imports/${done.id}/start`, { mapping: done.mapping });
  expect(status).toBe(409);
});

test("[IM7] an import that its process left behind is finished by another, each row once", async () => {
  const organization = await server.anOrganization();
  const { data } = (await upload(organization, manyRows(1_500))).body;
  const record = await findImport(organization.id, data.id);
  if (!record) throw new Error("nothing was uploaded");
  const dying = { ...server.context, bulks: new RunningBulks() };
  const actor = { type: "user" as const, id: organization.owner.id, name: "Ana" };
  await startImport(dying, { record, pipelineId: organization.pipeline.id, actor });
  await dying.bulks.stop();
  const left = await BulkModel.findById(data.id).lean();
  expect(left).toMatchObject({ state: "running" });
  expect(left?.done).toBeLessThan(1_500);
  // It died after a commit and before it could note it: the part is done again, and changes nothing.
  if (left && left.nextPart > 0) {
    await BulkModel.updateOne({ _id: data.id }, { $inc: { nextPart: -1, done: -250, changed: -250 } });
  }
  const { run } = await ended(organization, data.id);
  expect(run).toMatchObject({ state: "done", done: 1_500, created: 1_500, updated: 0, unchanged: 0 });
  expect(await ContactModel.countDocuments({ organizationId: organization.id })).toBe(1_500);
});

test("[IM8] a cancel ends an import between two parts; what is done stays and is told", async () => {
  const organization = await server.anOrganization();
  const { data } = (await upload(organization, manyRows(3_000))).body;
  await post(organization, `/imports/${data.id}/start`, { mapping: data.mapping });
  expect((await post(organization, `/bulk-actions/${data.id}/cancel`, {})).status).toBe(200);
  const { run } = await ended(organization, data.id);
  expect(run?.state).toBe("cancelled");
  expect(run?.done).toBeLessThan(3_000);
  expect(await ContactModel.countDocuments({ organizationId: organization.id })).toBe(run?.created ?? -1);
});

test("[IM9] an import is undone as one: contacts that it changed are what they were before", async () => {
  const organization = await server.anOrganization();
  await runImport(organization, "username,name,stage,tags\nkim,Kim,Interested,a\nlee,Lee,Interested,a");
  const before = await contactsOf(organization);
  const done = await runImport(
    organization,
    "username,name,stage,tags,status\nkim,K,Closed,b,won\nlee,L,Closed,,lost",
  );
  expect(done.run).toMatchObject({ updated: 2 });
  const { body } = await post<BulkAction>(organization, "/undo", { batch_id: done.id });
  expect(body.data).toMatchObject({ state: "done", changed: 2 });
  const after = await contactsOf(organization);
  const facts = (list: typeof after) =>
    list.map(({ username, displayName, stageId: stage, tagIds, leadStatus, rank }) => [
      username,
      displayName,
      String(stage),
      tagIds.map(String),
      leadStatus,
      rank,
    ]);
  expect(facts(after)).toEqual(facts(before));
});

test("[IM10] files that are none, too wide or too long are refused in words and leave nothing", async () => {
  const organization = await server.anOrganization();
  const refused = async (csv: string) => (await upload(organization, csv)).body;
  expect(await refused("")).toMatchObject({ code: "invalid" });
  expect(await refused("username\n")).toMatchObject({
    message: "has no rows below the names of its columns",
  });
  expect(await refused(Array.from({ length: 101 }, (_, i) => `c${i}`).join(","))).toMatchObject({
    code: "invalid",
  });
  expect(await refused(`username\n${"x\n".repeat(50_001)}`)).toMatchObject({ code: "too_large" });
  const { status } = await call(server.url, "POST", "/imports", { token: organization.token, body: {} });
  expect(status).toBe(415);
  const { data } = (await upload(organization, "username\nkim")).body;
  expect((await post(organization, `/imports/${data.id}/check`, { mapping: {} })).body).toMatchObject({
    code: "invalid",
    message: expect.stringContaining("choose the column") as string,
  });
  expect((await post(organization, `/imports/${data.id}/check`, { mapping: { username: 3 } })).status).toBe(
    400,
  );
});

test("[TN1] [IM10] an import of another organization, or of somebody else, does not exist", async () => {
  const organization = await server.anOrganization();
  const other = await server.anOrganization();
  const { data } = (await upload(organization, "username\nkim")).body;
  for (const who of [{ token: other.token }, { cookie: organization.member.cookie }]) {
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["GET", "/problems", undefined],
      ["POST", "/check", { mapping: data.mapping }],
      ["POST", "/start", { mapping: data.mapping }],
    ] as const) {
      const { status } = await call(server.url, method, `/imports/${data.id}${path}`, { ...who, body });
      expect([path, status]).toEqual([path, 404]);
    }
    const { body } = await call<{ imports: Import[] }>(server.url, "GET", "/imports", who);
    expect(body.data.imports).toEqual([]);
  }
  const foreign = { mapping: data.mapping, pipeline_id: other.pipeline.id };
  expect((await post(organization, `/imports/${data.id}/check`, foreign)).status).toBe(404);
  expect((await call(server.url, "GET", "/imports")).status).toBe(401);
});

test("[EX1] an export is the filtered list, whole and in its order, and an import reads it back", async () => {
  const organization = await server.anOrganization();
  const rows = Array.from(
    { length: 2_300 },
    (_, i) => `lead.${String(i).padStart(4, "0")},Lead ${i},${i},${i % 2 ? "won" : "open"}`,
  );
  await runImport(organization, ["username,name,value,status", ...rows].join("\n"));
  const csv = await textOf(organization, "/contacts/export?status=won&sort=value&direction=asc");
  const lines = csv.replace("\ufeff", "").trim().split("\r\n");
  expect(lines).toHaveLength(1_151);
  expect(lines.slice(1).map((line) => Number(line.split(",")[4]))).toEqual(
    Array.from({ length: 1_150 }, (_, i) => 2 * i + 1),
  );
  const again = await runImport(organization, csv);
  expect(again.run).toMatchObject({ created: 0, updated: 0, unchanged: 1_150, refused: 0 });
  const wrong = await call(server.url, "GET", "/contacts/export?stauts=won", { token: organization.token });
  expect(wrong.status).toBe(400);
  expect((await call(server.url, "GET", "/contacts/export")).status).toBe(401);
});

test("[EX2] what would be a formula is exported as text and imported as what it was", async () => {
  const organization = await server.anOrganization();
  const cell = '"=HYPERLINK(""http://evil.example"")"';
  await runImport(organization, `username,name,phone\nkim,${cell},+49 151 23`);
  const csv = await textOf(organization, "/contacts/export");
  expect(csv).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  expect(csv).toContain(",'+49 151 23,");
  const other = await server.anOrganization();
  await runImport(other, csv);
  const [kim] = await contactsOf(other);
  expect(kim).toMatchObject({ displayName: '=HYPERLINK("http://evil.example")', phone: "+49 151 23" });
  expect((await textOf(other, "/contacts/export?q=kim")).split("\r\n")).toHaveLength(3);
});
