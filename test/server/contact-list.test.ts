import type { AppContext } from "@dmtracker/server/app-context.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import type { Roster } from "@dmtracker/server/contacts/roster.ts";
import { Rosters } from "@dmtracker/server/contacts/rosters.ts";
import { CommitQueues } from "@dmtracker/server/pipeline/commit-queue.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { BoardSnapshot, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { expect, test } from "vitest";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

const actorOf = ({ owner }: TestOrganization) => ({ type: "user" as const, id: owner.id, name: owner.name });

/** Contacts c1..cN, one after the other: worth their number, spread over the stages. */
async function withContacts(count: number) {
  const organization = await server.anOrganization();
  const { pipeline } = organization;
  const stageIds = pipeline.stages.map(({ id }) => id);
  const ids: string[] = [];
  for (let index = 1; index <= count; index += 1) {
    const { contactId } = await createContact(server.context, {
      organizationId: organization.id,
      pipelineId: pipeline.id,
      actor: actorOf(organization),
      contact: {
        username: `c${String(index).padStart(3, "0")}`,
        source: "user",
        value: index,
        stageId: stageIds[index % 3],
        tags: index % 2 === 0 ? ["VIP"] : [],
      },
      at: new Date(Date.UTC(2026, 0, 1, 0, index)),
    });
    ids.push(contactId);
  }
  return { organization, stageIds, ids };
}

const list = (organization: TestOrganization, query = "") =>
  call<ContactListPage>(server.url, "GET", `/contacts${query}`, { token: organization.token });

const change = (organization: TestOrganization, contactId: string, wish: object) =>
  changeContact(server.context, {
    organizationId: organization.id,
    contactId,
    change: wish,
    actor: actorOf(organization),
  });

const handles = (contacts: readonly { username: string }[]) => contacts.map(({ username }) => username);

test("[FI8] GET /contacts answers a page, the totals of all that match, and the head of the log", async () => {
  const { organization, stageIds, ids } = await withContacts(12);
  await change(organization, ids[3] ?? "", { status: "won" });
  const all = await list(organization, "?limit=5");
  expect(all.body.data).toMatchObject({ total: 12, total_value: 78, seq: 13 });
  expect(handles(all.body.data.contacts)).toEqual(["c004", "c012", "c011", "c010", "c009"]);
  const warm = await list(organization, `?status=open&stage=${stageIds[1]}&sort=value&direction=asc`);
  expect(handles(warm.body.data.contacts)).toEqual(["c001", "c007", "c010"]);
  expect(warm.body.data).toMatchObject({ total: 3, total_value: 18, next: null });
  const found = await list(organization, "?q=@C01&sort=username&limit=1");
  expect(handles(found.body.data.contacts)).toEqual(["c010"]);
  expect(found.body.data).toMatchObject({ total: 3, total_value: 33 });
  // What a change has answered is in the very next list.
  await change(organization, ids[0] ?? "", { status: "won", value: 100 });
  const wins = await list(organization, "?status=won&date=status_changed:today");
  expect(wins.body.data).toMatchObject({ total: 2, total_value: 104, seq: 14 });
});

test("[FI7] pages while others work: untouched contacts come once, and nobody twice", async () => {
  const { organization, ids } = await withContacts(60);
  const touched = new Set<string>();
  for (const sort of ["last_activity", "created", "username"]) {
    const seen: string[] = [];
    let next: string | null = "";
    for (let page = 0; next !== null; page += 1) {
      const { body }: Awaited<ReturnType<typeof list>> = await list(
        organization,
        `?sort=${sort}&limit=7${next ? `&cursor=${next}` : ""}`,
      );
      seen.push(...body.data.contacts.map(({ id }) => id));
      next = body.data.next;
      // One that was seen, the one that the page ended with, and one that is still to come.
      for (const id of [seen[page], seen.at(-1), ids[(page * 11) % 60]]) {
        touched.add(id ?? "");
        await change(organization, id ?? "", { note: `page ${page}` });
      }
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(ids.filter((id) => !seen.includes(id) && !touched.has(id))).toEqual([]);
    if (sort !== "last_activity") expect(seen).toHaveLength(60);
  }
});

test("[FI7] values that move between pages: whoever kept their place is met once", async () => {
  const { organization, ids } = await withContacts(40);
  const seen: string[] = [];
  const touched = new Set<string>();
  let next: string | null = "";
  for (let page = 0; next !== null; page += 1) {
    const { body }: Awaited<ReturnType<typeof list>> = await list(
      organization,
      `?sort=value&direction=desc&limit=6${next ? `&cursor=${next}` : ""}`,
    );
    seen.push(...body.data.contacts.map(({ id }) => id));
    next = body.data.next;
    for (const [id, value] of [
      [seen.at(-1), 5_000],
      [ids[page], null],
      [ids[39 - page], 0],
    ] as const) {
      touched.add(id ?? "");
      await change(organization, id ?? "", { value });
    }
  }
  for (const id of ids) if (!touched.has(id)) expect(seen.filter((other) => other === id)).toHaveLength(1);
});

test("[FI8] a filtered board holds what matches, in board order, with true counts and sums", async () => {
  const { organization, stageIds } = await withContacts(300);
  const { pipeline, token } = organization;
  const [first = "", second = ""] = stageIds;
  const board = await call<BoardSnapshot>(server.url, "GET", `/pipelines/${pipeline.id}/board?q=c1`, {
    token,
  });
  // c100 to c199, a third of them in each of three stages; new contacts are on top.
  expect(board.body.data.filtered).toEqual({
    [stageIds[0] ?? ""]: { count: 33, value: 33 * 150 },
    [stageIds[1] ?? ""]: { count: 34, value: 5_083 },
    [stageIds[2] ?? ""]: { count: 33, value: 4_917 },
  });
  const columns = board.body.data.columns;
  expect(columns.map(({ contacts }) => contacts.length)).toEqual([33, 34, 33, 0, 0, 0]);
  expect(handles(columns[0]?.contacts ?? []).slice(0, 2)).toEqual(["c198", "c195"]);
  const column = (query: string) =>
    call<ColumnPageAt>(server.url, "GET", `/pipelines/${pipeline.id}/stages/${second}/contacts?${query}`, {
      token,
    });
  const { body } = await column("q=c1&limit=20");
  const end = body.data.contacts.at(-1);
  expect(body.data).toMatchObject({ more: true, seq: 300 });
  const rest = await column(`q=c1&limit=20&after_rank=${end?.rank}&after_id=${end?.id}`);
  expect(rest.body.data.more).toBe(false);
  expect([...handles(body.data.contacts), ...handles(rest.body.data.contacts)]).toEqual(
    handles(columns[1]?.contacts ?? []),
  );
  const elsewhere = await column(`stage=${first}`);
  expect(elsewhere.body.data.contacts).toEqual([]);
  const plain = await call<BoardSnapshot>(server.url, "GET", `/pipelines/${pipeline.id}/board`, { token });
  expect(plain.body.data.filtered).toBeUndefined();
});

test("[FI1] [FI8] a roster that follows the log is what a fresh one reads, whoever writes", async () => {
  const { organization, stageIds, ids } = await withContacts(30);
  const { id: organizationId, pipeline } = organization;
  const nodes = [
    server.context,
    { ...server.context, commits: new CommitQueues(() => undefined, server.context.recentSettings) },
  ];
  const following = new Rosters();
  const moment = { now: new Date(), timeZone: "UTC" };
  const columns = (roster: Roster | undefined) => Object.fromEntries(roster?.findMatching({}, moment) ?? []);
  for (let round = 0; round < 6; round += 1) {
    const acks = ids.map((contactId, index) =>
      changeContact(nodes[index % 2] as AppContext, {
        organizationId,
        contactId,
        actor: actorOf(organization),
        change: [
          { stageId: stageIds[(round + index) % 6] },
          { status: "won" as const, value: round },
          { after: null, before: ids[(index + 7) % 30] ?? null },
          { displayName: `Name ${round}`, tags: { set: [] } },
          { message: { direction: "in" as const, text: "hi", at: "2026-05-01T10:00:00+02:00" } },
        ][(round + index) % 5] as ContactChange,
      }),
    );
    // Asked while others write, and again when all of it is acknowledged.
    const [early] = await Promise.all([following.current(pipeline.id), ...acks]);
    expect(early?.size).toBe(30);
    const roster = await following.current(pipeline.id);
    const fresh = await new Rosters().current(pipeline.id);
    expect(roster?.pipeline).toEqual(fresh?.pipeline);
    expect(columns(roster)).toEqual(columns(fresh));
  }
});

test("[FI8] what was acknowledged is in the very next list, while others keep asking", async () => {
  const { organization, ids } = await withContacts(5);
  const { rosters } = server.context;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) await rosters.current(organization.pipeline.id);
  })();
  for (let value = 1; value <= 60; value += 1) {
    const { seq } = await change(organization, ids[value % 5] ?? "", { value: value * 1_000 });
    const roster = await rosters.current(organization.pipeline.id);
    expect(roster?.pipeline.seq).toBeGreaterThanOrEqual(seq);
  }
  isOver = true;
  await asking;
});

test("[FI1] a pipeline that is too large to be held gets the same answers from the database", async () => {
  const { organization, stageIds, ids } = await withContacts(90);
  await change(organization, ids[50] ?? "", { status: "lost", value: null });
  const { pipeline, token } = organization;
  const board = `/pipelines/${pipeline.id}/board`;
  const paths = [
    "/contacts?limit=20",
    "/contacts?sort=value&direction=asc&limit=200",
    "/contacts?status=lost,won&q=c0",
    `${board}?status=open&q=c0`,
    `/pipelines/${pipeline.id}/stages/${stageIds[1]}/contacts?status=open&limit=7`,
  ];
  const ask = () => Promise.all(paths.map((path) => call(server.url, "GET", path, { token })));
  const held = await ask();
  const { rosters } = server.context;
  server.context.rosters = new Rosters(1);
  const asked = await ask();
  server.context.rosters = rosters;
  expect(asked.map(({ body }) => body)).toEqual(held.map(({ body }) => body));
  expect(held.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

test("[TN1] a list never leaves its organization, whatever it is asked for", async () => {
  const { organization } = await withContacts(3);
  const other = await withContacts(2);
  const { pipeline } = other.organization;
  expect((await list(organization)).body.data.total).toBe(3);
  const foreign = await list(organization, `?pipeline_id=${pipeline.id}`);
  expect([foreign.status, foreign.body.code]).toEqual([404, "not_found"]);
  const board = await call(server.url, "GET", `/pipelines/${pipeline.id}/board?status=open`, {
    token: organization.token,
  });
  expect(board.status).toBe(404);
  const column = await call(
    server.url,
    "GET",
    `/pipelines/${pipeline.id}/stages/${other.stageIds[0]}/contacts?status=open`,
    { token: organization.token },
  );
  expect(column.status).toBe(404);
  const { body } = await list(other.organization, "?limit=1");
  const stolen = await list(organization, `?cursor=${body.data.next}`);
  expect(handles(stolen.body.data.contacts).length).toBeLessThanOrEqual(3);
  expect((await call(server.url, "GET", "/contacts")).status).toBe(401);
});

test("[FI5] [API1] what cannot be read is refused, naming the part", async () => {
  const { organization } = await withContacts(2);
  const refused = async (query: string) => {
    const { status, body } = await list(organization, query);
    return [status, body.code, body.issues?.map(({ path }) => path)];
  };
  expect(await refused("?status=maybe")).toEqual([400, "invalid", ["status"]]);
  expect(await refused("?date=created:someday&quiet=0")).toEqual([400, "invalid", ["date", "quiet"]]);
  expect(await refused("?colour=red")).toEqual([400, "invalid", ["colour"]]);
  expect(await refused("?limit=1000")).toEqual([400, "invalid", ["limit"]]);
  expect(await refused("?sort=luck")).toEqual([400, "invalid", ["sort"]]);
  const { body } = await list(organization, "?limit=1");
  const cursor = (value: unknown) => `?cursor=${Buffer.from(JSON.stringify(value)).toString("base64url")}`;
  for (const query of [
    "?cursor=nonsense",
    cursor({}),
    cursor(["last_activity", "desc", "text", organization.id]),
    cursor(["last_activity", "desc", 1e300, organization.id]),
    `?sort=value&cursor=${body.data.next}`,
    `?direction=asc&cursor=${body.data.next}`,
  ]) {
    expect(await refused(query)).toEqual([400, "invalid", ["cursor"]]);
  }
  const board = await call(server.url, "GET", `/pipelines/${organization.pipeline.id}/board?tags=some`, {
    token: organization.token,
  });
  expect([board.status, board.body.issues?.[0]?.path]).toEqual([400, "tags"]);
});

test("[FI3] the organization's time zone is set by its admins and decides what today is", async () => {
  const { organization } = await withContacts(1);
  const set = (cookie: string, time_zone: string) =>
    call<{ time_zone: string }>(server.url, "PATCH", "/organization/settings", {
      cookie,
      body: { time_zone },
    });
  expect((await set(organization.member.cookie, "Europe/Berlin")).status).toBe(403);
  const wrong = await set(organization.admin.cookie, "Mars/Olympus");
  expect([wrong.status, wrong.body.issues?.[0]?.path]).toEqual([400, "time_zone"]);
  // The only contact was created at 00:01 UTC on 1 January 2026: still 31 December in New York.
  const query = "?date=created:2026-01-01..2026-01-01";
  expect((await list(organization, query)).body.data.total).toBe(1);
  const saved = await set(organization.owner.cookie, "America/New_York");
  const settings = DEFAULT_SETTINGS;
  expect(saved.body.data).toEqual({
    name: expect.any(String) as string,
    time_zone: "America/New_York",
    cadence: settings.cadence,
    stops_follow_ups: settings.stopsFollowUps,
    lost_reasons: settings.lostReasons,
  });
  expect((await list(organization, query)).body.data.total).toBe(0);
  const me = await call<{ organization: { timeZone: string } }>(server.url, "GET", "/me", {
    cookie: organization.member.cookie,
  });
  expect(me.body.data.organization.timeZone).toBe("America/New_York");
});
