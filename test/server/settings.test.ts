import { EventModel } from "@dmtracker/server/activity/event.model.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { findPipeline } from "@dmtracker/server/pipeline/pipeline.store.ts";
import { updateTag } from "@dmtracker/server/tags/save-tag.ts";
import type { Directory } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type {
  CountedTag,
  OrganizationSettingsAnswer,
} from "@dmtracker/shared/contracts/organization-rest.ts";
import type { Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline, Rule, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import type { RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { makeContacts } from "../support/contacts.ts";
import { eventually } from "../support/eventually.ts";
import { call, type CallOptions } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

type Settled = {
  stage: Stage;
  moved: number;
  rules_switched_off: Rule[];
  rule: Rule;
  tag: Tag;
  contacts: number;
};

function asAdmin({ admin }: TestOrganization) {
  return (method: string, path: string, options: CallOptions = {}) =>
    call<Settled>(server.url, method, path, { cookie: admin.cookie, ...options });
}

async function withContacts(count: number, stageIndex = 0, tags: string[] = []) {
  const organization = await server.anOrganization();
  const { pipeline, owner } = organization;
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  const stageId = pipeline.stages[stageIndex]?.id ?? "";
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const contact = { username: `lead.${index}`, stageId, source: "user" as const, tags };
    const input = { organizationId: organization.id, pipelineId: pipeline.id, actor, contact };
    ids.push((await createContact(server.context, input)).contactId);
  }
  const stages = `/pipelines/${pipeline.id}/stages`;
  return { organization, pipeline, actor, stageId, ids, stages, admin: asAdmin(organization) };
}

const current = async (pipeline: Pipeline): Promise<Pipeline> =>
  (await findPipeline(pipeline.id)) ?? expect.fail("the pipeline is gone");
const contactOf = async (organization: TestOrganization, id: string): Promise<Contact> =>
  (await call<{ contact: Contact }>(server.url, "GET", `/contacts/${id}`, { token: organization.token })).body
    .data.contact;

test("[ST1] [ST2] [ST3] stages are added, renamed, recoloured and reordered live, each change a numbered event", async () => {
  const { organization, pipeline, stages, admin } = await withContacts(0);
  const jade = await new BoardClient(server.url, organization.member.cookie, pipeline.id).open();
  const added = await admin("POST", stages, { body: { name: "  Trial " } });
  expect(added.status).toBe(201);
  const { id } = added.body.data.stage;
  expect((await admin("POST", stages, { body: { name: "trial" } })).body).toMatchObject({
    code: "duplicate",
    issues: [{ path: "name" }],
  });
  await admin("PATCH", `${stages}/${id}`, { body: { name: "Free trial", colour: "#DB2777" } });
  await admin("PATCH", `${stages}/${id}`, { body: { after: pipeline.stages[1]?.id } });
  // What is there already is no change.
  await admin("PATCH", `${stages}/${id}`, { body: { name: "Free trial" } });
  await eventually(() => {
    expect(jade.pipeline.stages.map(({ name }) => name)).toEqual([
      "Outreach Sent",
      "In Conversation",
      "Free trial",
      "Interested",
      "Meeting Booked",
      "Closed",
      "Lost",
    ]);
  });
  expect(jade.pipeline.stages[2]).toEqual({ id, name: "Free trial", colour: "#db2777" });
  expect(jade.applied).toEqual([1, 2, 3]);
  const bad = await admin("PATCH", `${stages}/${id}`, { body: { colour: "#123456" } });
  expect(bad.status).toBe(400);
  expect(bad.body.message).toContain("must be one of #64748b");
  jade.close();
});

test("[ST4] [ST5] [AU2] deleting a stage moves its contacts in one batch with a line each, fires no rule, and switches its rules off", async () => {
  const { organization, pipeline, stageId, ids, stages, admin } = await withContacts(4, 2);
  const closed = pipeline.stages[4]?.id ?? "";
  const rules = `/pipelines/${pipeline.id}/rules`;
  await admin("POST", rules, { body: { type: "stage_to_status", stageId: closed, status: "won" } });
  const { rule } = (
    await admin("POST", rules, { body: { type: "status_to_stage", stageId, status: "lost" } })
  ).body.data;
  const jade = await new BoardClient(server.url, organization.member.cookie, pipeline.id).open();
  const board = jade.column(stageId);
  expect((await admin("DELETE", `${stages}/${stageId}`)).body).toMatchObject({
    code: "invalid",
    message: expect.stringContaining("must name the stage that takes its 4 contacts") as string,
  });
  const deleted = await admin("DELETE", `${stages}/${stageId}?move_to=${closed}`, {
    headers: { "idempotency-key": "delete-once" },
  });
  expect(deleted.body.data).toMatchObject({ moved: 4, rules_switched_off: [{ id: rule.id }] });
  const again = await admin("DELETE", `${stages}/${stageId}?move_to=${closed}`, {
    headers: { "idempotency-key": "delete-once" },
  });
  expect(again.body.data).toEqual(deleted.body.data);
  await eventually(() => expect(jade.pipeline.stages).toHaveLength(5));
  const batch = jade.batches.at(-1) ?? [];
  expect(batch.map(({ type }) => type)).toEqual([
    ...ids.map(() => "contact.stage_changed"),
    "pipeline.stages_changed",
    "pipeline.rules_changed",
  ]);
  expect(new Set(batch.map(({ batchId }) => batchId)).size).toBe(1);
  expect(batch[0]?.cause?.seq).toBe(batch[4]?.seq);
  // In the order in which they stood, all still Open.
  expect(jade.column(closed)).toEqual(board);
  for (const id of ids) expect((await contactOf(organization, id)).leadStatus).toBe("open");
  const { formerStages, rules: left, totals } = await current(pipeline);
  expect(formerStages?.map(({ name }) => name)).toEqual(["Interested"]);
  expect(left.find(({ id }) => id === rule.id)?.enabled).toBe(false);
  expect(totals[stageId]).toBeUndefined();
  expect(totals[closed]?.open?.count).toBe(4);
  jade.close();
});

test("[ST5] very many contacts leave a stage in parts before it goes: one batch, their order, nobody left behind", async () => {
  const { organization, pipeline, stages, admin } = await withContacts(0);
  const ids = await makeContacts(server, organization, 1_300);
  const [first = "", second = ""] = pipeline.stages.map(({ id }) => id);
  const jade = await new BoardClient(server.url, organization.member.cookie, pipeline.id).open();
  const board = jade.column(first);
  expect(new Set(board)).toEqual(new Set(ids));
  const deleted = await admin("DELETE", `${stages}/${first}?move_to=${second}`);
  expect(deleted.body.data).toMatchObject({ moved: 1_300 });
  await eventually(() => expect(jade.pipeline.stages).toHaveLength(5));
  const moves = jade.batches.filter((batch) => batch.some(({ type }) => type === "contact.stage_changed"));
  expect(moves.length).toBeGreaterThan(1);
  expect(new Set(moves.flat().map(({ batchId }) => batchId)).size).toBe(1);
  // Each names what really happened: the deletion, as it began or as it was done.
  const typeOf = new Map(jade.batches.flat().map(({ seq, type }) => [seq, type]));
  const carried = moves.flat().filter(({ type }) => type === "contact.stage_changed");
  expect(carried).toHaveLength(1_300);
  expect(new Set(carried.map(({ cause }) => cause?.type))).toEqual(new Set(["pipeline.stages_changed"]));
  expect(new Set(carried.map(({ cause }) => typeOf.get(cause?.seq ?? 0)))).toEqual(
    new Set(["pipeline.stages_changed"]),
  );
  expect(jade.column(second)).toEqual(board);
  expect((await current(pipeline)).totals[second]?.open?.count).toBe(1_300);
  jade.close();
});

test("[ST5] two large stages that are deleted into each other come to an end, and nobody is lost", async () => {
  const { organization, pipeline, actor, stages, admin } = await withContacts(0);
  const [first = "", second = ""] = pipeline.stages.map(({ id }) => id);
  await makeContacts(server, organization, 1_300);
  await Promise.all(
    Array.from({ length: 1_300 }, (_, index) =>
      createContact(server.context, {
        organizationId: organization.id,
        pipelineId: pipeline.id,
        actor,
        contact: { username: `there.${index}`, stageId: second, source: "user" },
      }),
    ),
  );
  const answers = await Promise.all([
    admin("DELETE", `${stages}/${first}?move_to=${second}`),
    admin("DELETE", `${stages}/${second}?move_to=${first}`),
  ]);
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThan(2);
  const refused = answers.filter(({ status }) => status !== 200).map(({ body }) => body.code);
  for (const code of refused) expect(["conflict", "unknown_stage"]).toContain(code);
  const left = (await current(pipeline)).stages.map(({ id }) => id);
  expect(await ContactModel.countDocuments({ pipelineId: pipeline.id, stageId: { $in: left } })).toBe(2_600);
});

test("[ST7] moves and the deletion of their stage from two nodes at once: nobody is left in a stage that is gone", async () => {
  const { organization, pipeline, actor, ids, stages, admin } = await withContacts(30);
  const node = await server.aSecondNode();
  const doomed = pipeline.stages[3]?.id ?? "";
  const shelter = pipeline.stages[1]?.id ?? "";
  const moves = ids.map((contactId, index) =>
    changeContact(index % 2 ? node.context : server.context, {
      organizationId: organization.id,
      contactId,
      actor,
      change: { stageId: doomed },
    }).then(
      () => "moved",
      (error: Error) => error.message,
    ),
  );
  const deletion = admin("DELETE", `${stages}/${doomed}?move_to=${shelter}`);
  const outcomes = await Promise.all(moves);
  expect((await deletion).status).toBe(200);
  const { stages: left, totals, seq } = await current(pipeline);
  expect(left.some(({ id }) => id === doomed)).toBe(false);
  for (const id of ids)
    expect([shelter, pipeline.stages[0]?.id]).toContain((await contactOf(organization, id)).stageId);
  for (const outcome of outcomes) {
    if (outcome === "moved") continue;
    expect(outcome).toBe(
      "No such stage. The stages are: Outreach Sent, In Conversation, Interested, Closed, Lost",
    );
  }
  const counted = Object.values(totals).flatMap((total) => Object.values(total));
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(ids.length);
  const { body } = await call<{ events: { seq: number }[] }>(server.url, "GET", "/events?limit=1000", {
    token: organization.token,
  });
  expect(body.data.events.map((event) => event.seq)).toEqual(
    Array.from({ length: seq }, (_, index) => index + 1),
  );
});

test("[TN4] [TN1] settings are for owner and admin: members and tokens are told so, others find nothing", async () => {
  const { organization, pipeline, stageId, stages } = await withContacts(1, 0, ["VIP"]);
  const stranger = await server.anOrganization();
  const { body } = await call<{ tags: CountedTag[] }>(server.url, "GET", "/tags", {
    token: organization.token,
  });
  const tag = body.data.tags[0]?.id ?? "";
  const base = `/pipelines/${pipeline.id}`;
  const doors: [string, string, unknown][] = [
    ["POST", stages, { name: "x" }],
    ["PATCH", `${stages}/${stageId}`, { name: "x" }],
    ["DELETE", `${stages}/${stageId}`, undefined],
    ["PATCH", base, { name: "x" }],
    ["POST", `${base}/rules`, { type: "stage_to_status", stageId, status: "won" }],
    ["POST", `${base}/rules/preview`, { type: "stage_to_status", stageId, status: "won" }],
    ["POST", `${base}/timed-rules`, { act: "abandon", days: 7 }],
    ["POST", `${base}/timed-rules/preview`, { act: "abandon", days: 7 }],
    ["PATCH", `/tags/${tag}`, { name: "x" }],
    ["POST", `/tags/${tag}/merge`, { into: tag }],
    ["DELETE", `/tags/${tag}`, undefined],
    ["POST", "/tags", { name: "x" }],
    ["POST", "/pipelines", { name: "x" }],
    ["PATCH", "/organization/settings", { time_zone: "Europe/Berlin" }],
    ["POST", "/organization/lost-reasons", { name: "x" }],
  ];
  const before = await current(pipeline);
  for (const [method, path, wish] of doors) {
    const asked = (options: CallOptions) => call(server.url, method, path, { ...options, body: wish });
    expect((await asked({ cookie: organization.member.cookie })).status, path).toBe(403);
    expect((await asked({ token: organization.token })).status, path).toBe(403);
    expect((await asked({})).status, path).toBe(401);
    if (path.includes(pipeline.id) || path.includes(tag))
      expect((await asked({ cookie: stranger.owner.cookie })).status, path).toBe(404);
  }
  expect(await current(pipeline)).toEqual(before);
});

test("[TG1] [TG2] tags are counted, renamed and merged: who has both keeps one, in one batch, live", async () => {
  const { organization, pipeline, actor, ids, admin } = await withContacts(3, 0, ["Hot"]);
  const [first = "", second = ""] = ids;
  const warm = (await admin("POST", "/tags", { body: { name: "Warm" } })).body.data.tag;
  const tags = async () =>
    (await call<{ tags: CountedTag[] }>(server.url, "GET", "/tags", { token: organization.token })).body.data
      .tags;
  const hot = (await tags()).find(({ name }) => name === "Hot")?.id ?? "";
  const change = { tags: { add: [warm.id] } };
  await changeContact(server.context, { organizationId: organization.id, contactId: first, actor, change });
  expect((await tags()).map(({ name, contacts }) => `${name} ${contacts}`)).toEqual(["Hot 3", "Warm 1"]);
  expect((await admin("PATCH", `/tags/${hot}`, { body: { name: "warm" } })).body.code).toBe("duplicate");
  await admin("PATCH", `/tags/${hot}`, { body: { name: "Hottest", colour: "#dc2626" } });
  const jade = await new BoardClient(server.url, organization.member.cookie, pipeline.id).open();
  const merged = await admin("POST", `/tags/${hot}/merge`, { body: { into: warm.id } });
  expect(merged.body.data).toMatchObject({ tag: { name: "Hottest" }, contacts: 3 });
  await eventually(() => expect(jade.batches.at(-1)).toHaveLength(4));
  const batch = jade.batches.at(-1) ?? [];
  expect(batch.map(({ type }) => type)).toEqual([
    "contact.tags_changed",
    "contact.tags_changed",
    "contact.tags_changed",
    "organization.changed",
  ]);
  expect((await contactOf(organization, first)).tagIds).toEqual([warm.id]);
  expect((await contactOf(organization, second)).tagIds).toEqual([warm.id]);
  expect((await tags()).map(({ name, contacts }) => `${name} ${contacts}`)).toEqual(["Warm 3"]);
  expect((await admin("POST", `/tags/${warm.id}/merge`, { body: { into: warm.id } })).status).toBe(400);
  const deleted = await admin("DELETE", `/tags/${warm.id}`);
  expect(deleted.body.data.contacts).toBe(3);
  expect((await contactOf(organization, first)).tagIds).toEqual([]);
  expect(await tags()).toEqual([]);
  jade.close();
});

test("[TG1] one renames a tag and another recolours it in the same moment: both have their way", async () => {
  const { organization, actor, admin } = await withContacts(0);
  const { tag } = (await admin("POST", "/tags", { body: { name: "Warm" } })).body.data;
  const own = { organizationId: organization.id, actor };
  // While the first is being committed, the others come together into the next commit.
  const wishes = [{ name: "Hot" }, { name: "Warmer" }, { colour: "#dc2626" }];
  await Promise.all(wishes.map((wish) => updateTag(server.context, own, tag.id, wish)));
  const { body } = await call<{ tags: CountedTag[] }>(server.url, "GET", "/tags", {
    token: organization.token,
  });
  expect(body.data.tags).toMatchObject([{ id: tag.id, name: "Warmer", colour: "#dc2626" }]);
});

test("[TG2] a tag is merged in every pipeline of the organization", async () => {
  const { organization, actor, admin, ids } = await withContacts(1, 0, ["Hot"]);
  const made = await call<{ pipeline: Pipeline }>(server.url, "POST", "/pipelines", {
    cookie: organization.owner.cookie,
    body: { name: "Renewals" },
  });
  const contact = { username: "elsewhere", source: "user" as const, tags: ["Hot", "Cold"] };
  const other = await createContact(server.context, {
    organizationId: organization.id,
    pipelineId: made.body.data.pipeline.id,
    actor,
    contact,
  });
  const { body } = await call<{ tags: CountedTag[] }>(server.url, "GET", "/tags", {
    token: organization.token,
  });
  const [cold, hot] = body.data.tags;
  const merged = await admin("POST", `/tags/${hot?.id}/merge`, { body: { into: cold?.id } });
  expect(merged.body.data.contacts).toBe(2);
  for (const id of [ids[0] ?? "", other.contactId])
    expect((await contactOf(organization, id)).tagIds).toEqual([cold?.id]);
  const [line] = await EventModel.find({ contactId: other.contactId }).sort({ seq: -1 }).lean();
  // [UN5] Half of it would be taken back without a word.
  const undone = await admin("POST", "/undo", { body: { batch_id: line?.batchId } });
  expect(undone).toMatchObject({ status: 400, body: { code: "invalid" } });
  expect(undone.body.message).toContain("contacts of 2 pipelines");
});

test("[SE1] time zone, cadence, stops and the name reach every open page by the log, and a retry changes nothing", async () => {
  const { organization, pipeline, admin } = await withContacts(0);
  const jade = await new BoardClient(server.url, organization.member.cookie, pipeline.id).open();
  const body = { time_zone: "Asia/Tokyo", cadence: [2, 5], stops_follow_ups: { won: false } };
  const saved = await admin("PATCH", "/organization/settings", {
    body,
    headers: { "idempotency-key": "tz-once" },
  });
  expect(saved.body.data).toMatchObject({
    time_zone: "Asia/Tokyo",
    cadence: [2, 5],
    stops_follow_ups: { won: false, lost: true, abandoned: true },
  });
  await eventually(() => expect(jade.batches.at(-1)?.[0]?.type).toBe("organization.changed"));
  await admin("PATCH", "/organization/settings", { body, headers: { "idempotency-key": "tz-once" } });
  await admin("PATCH", "/organization/settings", { body });
  expect((await current(pipeline)).seq).toBe(1);
  await admin("PATCH", "/organization/settings", { body: { name: "Southwind" } });
  const directory = await call<Directory>(server.url, "GET", "/directory", { token: organization.token });
  expect(directory.body.data.settings.timeZone).toBe("Asia/Tokyo");
  const read = await call<OrganizationSettingsAnswer>(server.url, "GET", "/organization/settings", {
    token: organization.token,
  });
  expect(read.body.data.name).toBe("Southwind");
  expect((await admin("PATCH", "/organization/settings", { body: { time_zone: "Mars" } })).status).toBe(400);
  expect((await admin("PATCH", "/organization/settings", { body: {} })).status).toBe(400);
  jade.close();
});

test("[SE2] lost reasons are a list of words: two people change it at once and both have their way, any other word is as good", async () => {
  const { organization, actor, ids, admin } = await withContacts(1);
  const path = "/organization/lost-reasons";
  await Promise.all(["Moved away", "Went quiet"].map((name) => admin("POST", path, { body: { name } })));
  const list = async () =>
    (
      await call<OrganizationSettingsAnswer>(server.url, "GET", "/organization/settings", {
        token: organization.token,
      })
    ).body.data.lost_reasons;
  const reasons = await list();
  expect(
    reasons
      .map(({ name }) => name)
      .slice(4)
      .toSorted(),
  ).toEqual(["Moved away", "Went quiet"]);
  expect((await admin("POST", path, { body: { name: "moved AWAY" } })).body.code).toBe("duplicate");
  const last = reasons[5]?.id ?? "";
  await admin("PATCH", `${path}/${last}`, { body: { name: "Ghosted", after: null } });
  await admin("DELETE", `${path}/${reasons[1]?.id}`);
  expect((await list()).map(({ name }) => name)).toEqual([
    "Ghosted",
    "Too expensive",
    "No need",
    "Bad timing",
    reasons[4]?.name,
  ]);
  const change = { status: "lost" as const, lostReason: "Something of their own" };
  await changeContact(server.context, {
    organizationId: organization.id,
    contactId: ids[0] ?? "",
    actor,
    change,
  });
  expect((await contactOf(organization, ids[0] ?? "")).lostReason).toBe("Something of their own");
});

test("[AU8] before it is saved a rule shows what it would have done to last week's changes, with the contacts", async () => {
  const { organization, pipeline, actor, ids, admin } = await withContacts(3);
  const closed = pipeline.stages[4]?.id ?? "";
  const move = (contactId: string, at?: Date) =>
    changeContact(server.context, {
      organizationId: organization.id,
      contactId,
      actor,
      change: { stageId: closed },
      ...(at ? { at } : {}),
    });
  await move(ids[0] ?? "", new Date(Date.now() - 9 * 86_400_000));
  await move(ids[1] ?? "");
  await move(ids[2] ?? "");
  const preview = await call<RulePreview>(server.url, "POST", `/pipelines/${pipeline.id}/rules/preview`, {
    cookie: organization.owner.cookie,
    body: { type: "stage_to_status", stageId: closed, status: "won" },
  });
  // The log is read from its end until it is older than a week: what lies behind that stays out.
  expect(preview.body.data).toMatchObject({ times: 2, total: 2, partial: false });
  expect(preview.body.data.contacts.map(({ contactId }) => contactId).toSorted()).toEqual(
    ids.slice(1).toSorted(),
  );
  expect(preview.body.data.contacts[0]).toMatchObject({ status: "won" });
  expect((await current(pipeline)).rules).toEqual([]);
  const made = await admin("POST", `/pipelines/${pipeline.id}/rules`, {
    body: { type: "stage_to_status", stageId: closed, status: "won" },
  });
  const ruleId = made.body.data.rule.id;
  const edited = await admin("PATCH", `/pipelines/${pipeline.id}/rules/${ruleId}`, {
    body: { status: "lost" },
  });
  expect(edited.body.data.rule).toMatchObject({ id: ruleId, status: "lost", enabled: true });
});
