import type { SavedView } from "@dmtracker/shared/contracts/view.ts";
import { MAX_VIEWS } from "@dmtracker/shared/contracts/limits.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

const server = await startServer();

type Who = TestPerson | { token: string };
const keysOf = (who: Who) => ("token" in who ? { token: who.token } : { cookie: who.cookie });
const send = <T>(who: Who, method: string, path: string, body?: unknown) =>
  call<T>(server.url, method, path, { ...keysOf(who), ...(body === undefined ? {} : { body }) });

async function names(who: Who, query = ""): Promise<string[]> {
  const { body } = await send<{ views: SavedView[] }>(who, "GET", `/views${query}`);
  return body.data.views.map(({ name }) => name);
}

async function save(who: Who, { pipeline }: TestOrganization, more: object = {}): Promise<SavedView> {
  const body = {
    name: "Warm",
    place: "contacts",
    pipelineId: pipeline.id,
    filter: { leadStatus: ["open"] },
    ...more,
  };
  const answer = await send<{ view: SavedView }>(who, "POST", "/views", body);
  expect([answer.status, answer.body.message]).toEqual([201, "View saved"]);
  return answer.body.data.view;
}

/** Counts the words "views changed" that a browser of this person hears. */
async function listen(who: TestPerson, { pipeline }: TestOrganization) {
  const client = await new BoardClient(server.url, who.cookie, pipeline.id).open();
  const heard: string[] = [];
  client.socket.on("views:changed", ({ pipelineId }) => heard.push(pipelineId));
  return { heard, close: () => client.close() };
}

test("[SV1] a view keeps place, filter, order, columns and whose follow-ups, as they were saved", async () => {
  const organization = await server.anOrganization();
  const content = {
    filter: { leadStatus: ["won"], date: { field: "status_changed", range: "this_month" }, search: "kim" },
    sort: "value",
    direction: "asc",
    columns: ["value", "status"],
    whose: "everyone",
  };
  const saved = await save(organization.member, organization, { name: "  Wins ", ...content });
  expect(saved).toMatchObject({ name: "Wins", content, ownerId: organization.member.id, shared: false });
  const { body } = await send<{ views: SavedView[] }>(organization.member, "GET", "/views?place=contacts");
  expect(body.data.views).toEqual([saved]);
  expect(await names(organization.member, "?place=board")).toEqual([]);
  const everything = await save(organization.member, organization, { name: "All", filter: {} });
  const changed = await send<{ view: SavedView }>(organization.member, "PATCH", `/views/${everything.id}`, {
    content: { filter: {}, sort: "created" },
  });
  expect(changed.body.data.view.content).toEqual({ filter: {}, sort: "created" });
});

test("[SV2] one sees one's own views and what is shared; owner and admin change shared ones of others", async () => {
  const organization = await server.anOrganization();
  const { owner, admin, member, token } = organization;
  const own = await save(member, organization, { name: "Mine" });
  const shared = await save(member, organization, { name: "Ours", shared: true });
  expect(await names(member)).toEqual(["Mine", "Ours"]);
  for (const other of [owner, admin, { token }]) expect(await names(other)).toEqual(["Ours"]);
  for (const other of [owner, admin]) {
    expect((await send(other, "PATCH", `/views/${own.id}`, { name: "Stolen" })).status).toBe(404);
    const { body } = await send<{ views: SavedView[] }>(other, "GET", "/views");
    expect(body.data.views[0]?.canEdit).toBe(true);
  }
  expect((await send(admin, "PATCH", `/views/${shared.id}`, { name: "All of us" })).status).toBe(200);
  expect(await names(member)).toEqual(["Mine", "All of us"]);

  const admins = await save(admin, organization, { name: "Admin's", shared: true });
  const refused = await send(member, "PATCH", `/views/${admins.id}`, { name: "x" });
  expect([refused.status, refused.body.code]).toEqual([403, "forbidden"]);
  expect((await send(member, "DELETE", `/views/${admins.id}`)).status).toBe(403);
  expect((await send({ token }, "DELETE", `/views/${admins.id}`)).status).toBe(403);
  expect((await send(owner, "DELETE", `/views/${admins.id}`)).status).toBe(200);
  expect(await names(member)).toEqual(["Mine", "All of us"]);
});

test("[SV2] [TN1] views of another organization answer like what does not exist", async () => {
  const organization = await server.anOrganization();
  const other = await server.anOrganization();
  const view = await save(organization.owner, organization, { shared: true });
  expect(await names(other.owner)).toEqual([]);
  const unknown = await send(other.owner, "PATCH", `/views/${"f".repeat(24)}`, { name: "x" });
  for (const [method, path, body] of [
    ["PATCH", `/views/${view.id}`, { name: "x" }],
    ["DELETE", `/views/${view.id}`, undefined],
    ["PUT", `/views/${view.id}/default`, {}],
  ] as const) {
    const answer = await send(other.owner, method, path, body);
    expect([answer.status, answer.body.message]).toEqual([404, unknown.body.message]);
  }
  const foreign = await send(other.owner, "POST", "/views", {
    name: "x",
    place: "board",
    pipelineId: organization.pipeline.id,
    filter: {},
  });
  expect([foreign.status, foreign.body.message]).toEqual([404, "No such pipeline"]);
});

test("[SV3] everyone chooses for themselves which view opens first, one per place", async () => {
  const organization = await server.anOrganization();
  const { owner, member } = organization;
  const first = await save(owner, organization, { name: "First", shared: true });
  const second = await save(owner, organization, { name: "Second", shared: true });
  const board = await save(owner, organization, { name: "Board", shared: true, place: "board" });
  const chosen = async (who: TestPerson) => {
    const { body } = await send<{ views: SavedView[] }>(who, "GET", "/views");
    return body.data.views.filter(({ isDefault }) => isDefault).map(({ name }) => name);
  };
  await send(member, "PUT", `/views/${first.id}/default`, {});
  await send(member, "PUT", `/views/${board.id}/default`, {});
  expect(await chosen(member)).toEqual(["First", "Board"]);
  await send(member, "PUT", `/views/${second.id}/default`, {});
  expect(await chosen(member)).toEqual(["Second", "Board"]);
  await send(member, "DELETE", `/views/${first.id}/default`);
  expect(await chosen(member)).toEqual(["Second", "Board"]);
  await send(owner, "DELETE", `/views/${second.id}`);
  expect(await chosen(member)).toEqual(["Board"]);
  expect(await chosen(owner)).toEqual([]);
});

test("[SV4] the owner's other pages hear of every change, everyone of what is or was shared", async () => {
  const organization = await server.anOrganization();
  const { owner, member, pipeline } = organization;
  const other = await server.anOrganization();
  const [mine, theirs, foreign] = [
    await listen(member, organization),
    await listen(owner, organization),
    await listen(other.owner, other),
  ];
  const view = await save(member, organization);
  await eventually(() => expect(mine.heard).toEqual([pipeline.id]));
  await send(member, "PATCH", `/views/${view.id}`, { shared: true });
  await eventually(() => expect(theirs.heard).toHaveLength(1));
  await send(member, "PATCH", `/views/${view.id}`, { shared: false });
  await eventually(() => expect(theirs.heard).toHaveLength(2));
  await send(member, "DELETE", `/views/${view.id}`);
  await eventually(() => expect(mine.heard).toHaveLength(4));
  expect([theirs.heard.length, foreign.heard.length]).toEqual([2, 0]);
  for (const one of [mine, theirs, foreign]) one.close();
});

test("[API1] [SV1] what no view can be made of is refused with the field and what is allowed", async () => {
  const organization = await server.anOrganization();
  const { member, pipeline, token } = organization;
  const good = { name: "x", place: "contacts", pipelineId: pipeline.id, filter: {} };
  for (const [wrong, path] of [
    [{ name: " " }, "name"],
    [{ name: "x".repeat(61) }, "name"],
    [{ place: "wall" }, "place"],
    [{ filter: { leadStatus: ["maybe"] } }, "filter.leadStatus.0"],
    [{ filter: undefined }, "filter"],
    [{ columns: ["value", "value"] }, "columns"],
    [{ columns: ["password"] }, "columns.0"],
    [{ colour: "red" }, "colour"],
  ] as const) {
    const { status, body } = await send(member, "POST", "/views", { ...good, ...wrong });
    expect([status, body.issues?.[0]?.path], JSON.stringify(wrong)).toEqual([400, path]);
  }
  expect((await send({ token }, "POST", "/views", good)).status).toBe(403);
  for (let made = 0; made < MAX_VIEWS; made += 1) await save(member, organization, { name: `View ${made}` });
  const tooMany = await send(member, "POST", "/views", good);
  expect([tooMany.status, tooMany.body.message]).toEqual([400, expect.stringContaining(String(MAX_VIEWS))]);
});
