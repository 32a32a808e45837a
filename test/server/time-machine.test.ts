import type { BoardThen, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Moves } from "@dmtracker/shared/contracts/moves.ts";
import type { Pipeline, Totals } from "@dmtracker/shared/contracts/pipeline.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { AppError } from "@dmtracker/server/platform/app-error.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { compareRanked } from "@dmtracker/shared/pipeline/ranks.ts";
import { beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createRandom } from "../support/generated-history.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse("2026-06-01T09:00:00Z");

// Everything happens when the test says so.
let now = START;
const server = await startServer({ now: () => new Date(now) });
beforeEach(() => {
  now = START;
});

const actorOf = ({ owner }: TestOrganization) => ({ type: "user" as const, id: owner.id, name: owner.name });
const pathOf = ({ pipeline }: TestOrganization) => `/pipelines/${pipeline.id}`;

async function readThen(organization: TestOrganization, at: number | string): Promise<BoardThen> {
  const moment = typeof at === "string" ? at : new Date(at).toISOString();
  const answer = await call<BoardThen>(server.url, "GET", `${pathOf(organization)}/board?at=${moment}`, {
    token: organization.token,
  });
  if (answer.status !== 200) throw new Error(`${answer.body.code}: ${answer.body.message}`);
  return answer.body.data;
}

/** A whole column as it was, page by page. */
async function readColumn(organization: TestOrganization, at: number, stageId: string): Promise<Contact[]> {
  const contacts: Contact[] = [];
  for (let more = true; more;) {
    const last = contacts.at(-1);
    const query = new URLSearchParams({ at: new Date(at).toISOString(), limit: "3" });
    if (last) {
      query.set("after_rank", last.rank);
      query.set("after_id", last.id);
    }
    const { body } = await call<ColumnPageAt>(
      server.url,
      "GET",
      `${pathOf(organization)}/stages/${stageId}/contacts?${query}`,
      { token: organization.token },
    );
    contacts.push(...body.data.contacts);
    more = body.data.more;
  }
  return contacts;
}

async function readLog({ token }: TestOrganization): Promise<PipelineEvent[]> {
  const events: PipelineEvent[] = [];
  for (;;) {
    const { body } = await call<{ events: PipelineEvent[] }>(
      server.url,
      "GET",
      `/events?after=${events.at(-1)?.seq ?? 0}&limit=1000`,
      { token },
    );
    if (body.data.events.length === 0) return events;
    events.push(...body.data.events);
  }
}

/** The plain replay of everything up to a moment. */
function replay(start: Pipeline, events: readonly PipelineEvent[], at: number) {
  let pipeline = start;
  const contacts = new Map<string, Contact>();
  for (const event of events.filter((one) => Date.parse(one.at) <= at)) {
    pipeline = applyToPipeline(pipeline, event);
    for (const id of event.contactId ? [event.contactId] : Object.keys(event.after.ranks ?? {})) {
      const contact = applyToContact(contacts.get(id), event);
      if (contact) contacts.set(id, contact);
    }
  }
  return { pipeline, contacts };
}

const counted = (totals: Totals, stageId: string) =>
  Object.entries(totals[stageId] ?? {})
    .filter(([, { count }]) => count > 0)
    .sort();

const admin = (organization: TestOrganization, method: string, path: string, body?: object) =>
  call<{ stage: { id: string } }>(server.url, method, `${pathOf(organization)}${path}`, {
    cookie: organization.admin.cookie,
    ...(body && { body }),
  });

/** A life of a board: contacts come, move, change; stages come, are renamed and go. */
async function live(organization: TestOrganization, seed: number): Promise<void> {
  const random = createRandom(seed);
  const { pipeline } = organization;
  let stageIds = pipeline.stages.map(({ id }) => id);
  const ids: string[] = [];
  const change = (wish: ContactChange) =>
    changeContact(server.context, {
      organizationId: organization.id,
      contactId: random.pick(ids),
      change: wish,
      actor: actorOf(organization),
    }).catch((error: unknown) => {
      // Who was removed takes no other change.
      if (!(error instanceof AppError && error.code === "removed")) throw error;
    });
  const acts: (() => Promise<unknown>)[] = [
    () => change({ stageId: random.pick(stageIds) }),
    () => change({ stageId: random.pick(stageIds), after: random.pick(ids) }),
    () => change({ after: random.pick(ids), before: null }),
    () => change({ status: random.pick(["open", "won", "lost", "abandoned"] as const) }),
    () => change({ value: Math.floor(random.next() * 10_000) / 100 }),
    () => change({ removed: true }),
    () => change({ removed: false }),
    () => change({ note: "a note" }),
    () => change({ assigneeId: organization.member.id }),
    () => change({ message: { direction: "out", text: "Hi", at: new Date(now).toISOString() } }),
  ];
  for (let step = 0; step < 120; step += 1) {
    now += Math.floor(random.next() * 600_000) + 1_000;
    if (ids.length < 4 || random.chance(0.15)) {
      const { contactId } = await createContact(server.context, {
        organizationId: organization.id,
        pipelineId: pipeline.id,
        actor: actorOf(organization),
        contact: { username: `c${step}`, source: "user", value: step, stageId: random.pick(stageIds) },
      });
      ids.push(contactId);
    } else await random.pick(acts)();
    if (step === 30) {
      const { body } = await admin(organization, "POST", "/stages", { name: "Proposal" });
      stageIds.push(body.data.stage.id);
    }
    if (step === 60)
      await admin(organization, "PATCH", `/stages/${stageIds[1]}`, { name: "Chatting", after: null });
    if (step === 90) {
      await admin(organization, "DELETE", `/stages/${stageIds[2]}?move_to=${stageIds[0]}`);
      stageIds = stageIds.filter((id) => id !== stageIds[2]);
    }
  }
}

test.for([1, 2, 3])(
  "[TM1] the board at any moment is what a plain replay of its log comes to (history %i)",
  async (seed) => {
    const organization = await server.anOrganization();
    await live(organization, seed);
    const end = now;
    now += DAY_MS;
    const events = await readLog(organization);
    const first = Date.parse(events[0]?.at ?? "");
    const moments = [first, end, now, ...[0.2, 0.45, 0.7, 0.9].map((share) => first + (end - first) * share)];
    // The very moment of an event is the moment after it.
    moments.push(Date.parse(events[Math.floor(events.length / 2)]?.at ?? ""));
    for (const at of moments.map(Math.floor)) {
      const then = replay(organization.pipeline, events, at);
      const board = await readThen(organization, at);
      expect(board.pipeline.stages).toEqual(then.pipeline.stages);
      expect(board.pipeline.seq).toBe(then.pipeline.seq);
      expect(board.columns.map(({ stageId }) => stageId)).toEqual(then.pipeline.stages.map(({ id }) => id));
      for (const { stageId, contacts } of board.columns) {
        const expected = [...then.contacts.values()].filter(
          (contact) => contact.stageId === stageId && contact.removed === null,
        );
        expected.sort(compareRanked);
        expect(contacts).toEqual(expected.slice(0, 40));
        expect(counted(board.pipeline.totals, stageId)).toEqual(counted(then.pipeline.totals, stageId));
        if (at === moments[3]) expect(await readColumn(organization, at, stageId)).toEqual(expected);
      }
    }
  },
);

test("[TM2] the log reaches back thirty days at most; what lies before it, or ahead, is refused by name", async () => {
  const organization = await server.anOrganization();
  await live(organization, 7);
  const events = await readLog(organization);
  const first = events[0]?.at ?? "";
  expect((await readThen(organization, now)).since).toBe(first);
  const refused = async (at: string) => {
    const { status, body } = await call(server.url, "GET", `${pathOf(organization)}/board?at=${at}`, {
      token: organization.token,
    });
    return [status, body.issues?.[0]?.path];
  };
  const before = await readThen(organization, START - 1);
  expect(before.pipeline.stages).toEqual(organization.pipeline.stages);
  expect([before.pipeline.seq, before.columns.flatMap(({ contacts }) => contacts)]).toEqual([0, []]);
  expect(await refused(new Date(now + DAY_MS).toISOString())).toEqual([400, "at"]);
  expect(await refused("yesterday")).toEqual([400, "at"]);
  expect(await refused(`${new Date(now).toISOString()}&status=open`)).toEqual([400, "at"]);
  now += 31 * DAY_MS;
  expect(await refused(first)).toEqual([400, "at"]);
  const { since } = await readThen(organization, now);
  expect(Date.parse(since)).toBe(now - 30 * DAY_MS + HOUR_MS);
  // What was told as the beginning holds for an hour.
  now += HOUR_MS;
  expect((await readThen(organization, since)).at).toBe(since);
});

test("[TM2] [TN1] nobody sees another organization's past, and members see their own", async () => {
  const [organization, other] = [await server.anOrganization(), await server.anOrganization()];
  await live(organization, 8);
  const path = `${pathOf(organization)}/board?at=${new Date(now).toISOString()}`;
  expect((await call(server.url, "GET", path, { token: other.token })).status).toBe(404);
  expect((await call(server.url, "GET", path, { cookie: organization.member.cookie })).status).toBe(200);
});

test("[TM5] many who look at the past at once do so two at a time, and all are answered", async () => {
  const organization = await server.anOrganization();
  await live(organization, 9);
  const { rosters } = server.context;
  const current = rosters.current.bind(rosters);
  const held: (() => void)[] = [];
  let inside = 0;
  let most = 0;
  // Whoever has come so far stays until the test lets them go on.
  const looks = vi.spyOn(rosters, "current").mockImplementation(async (pipelineId) => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise<void>((resolve) => held.push(resolve));
    inside -= 1;
    return current(pipelineId);
  });
  const boards = Promise.all(Array.from({ length: 6 }, () => readThen(organization, now)));
  for (let released = 0; released < 6; released += 1) {
    await eventually(() => expect(held).toHaveLength(Math.min(2, 6 - released)));
    held.shift()?.();
  }
  const answers = await boards;
  looks.mockRestore();
  expect(most).toBe(2);
  for (const board of answers) expect(board).toEqual(answers[0]);
});

test("[TM4] what moved since a moment is counted for all, by person and by stage, each with its contacts", async () => {
  const organization = await server.anOrganization();
  const [first = "", talking = "", , booked = ""] = organization.pipeline.stages.map(({ id }) => id);
  const person = ({ id, name }: { id: string; name: string }) => ({ type: "user" as const, id, name });
  const { owner, member } = organization;
  const make = (username: string) =>
    createContact(server.context, {
      organizationId: organization.id,
      pipelineId: organization.pipeline.id,
      actor: person(owner),
      contact: { username, source: "user" },
    }).then(({ contactId }) => contactId);
  const change = (contactId: string, by: { id: string; name: string }, wish: ContactChange) => {
    now += 1_000;
    return changeContact(server.context, {
      organizationId: organization.id,
      contactId,
      change: wish,
      actor: person(by),
    });
  };
  const [kim, lee, mia, noa] = await Promise.all(["kim", "lee", "mia", "noa"].map(make));
  await change(noa ?? "", owner, { status: "lost" });
  // Two days later: yesterday begins at midnight before.
  now = START + 2 * DAY_MS;
  await change(kim ?? "", member, { stageId: talking });
  await change(kim ?? "", owner, { stageId: booked });
  await change(kim ?? "", member, { status: "won" });
  await change(lee ?? "", member, { stageId: talking });
  await change(lee ?? "", member, { stageId: first });
  await change(noa ?? "", owner, { status: "open" });
  now += 1_000;
  const pia = await make("pia");
  await call(server.url, "PATCH", "/contact/contact-status", {
    token: organization.token,
    body: { contact_id: mia, status: "abandoned" },
  });
  const read = async (query = "") => {
    const { body } = await call<Moves>(server.url, "GET", `${pathOf(organization)}/moves${query}`, {
      token: organization.token,
    });
    return body.data;
  };
  // Who came and was taken away again has not come.
  const gone = await make("gone");
  await change(gone, owner, { removed: true });
  const moves = await read();
  expect(moves.since).toBe("2026-06-02T00:00:00.000Z");
  const none = { created: 0, moved: 0, won: 0, lost: 0, abandoned: 0, reopened: 0 };
  expect(moves).toMatchObject({ ...none, created: 1, moved: 1, won: 1, abandoned: 1, reopened: 1, total: 4 });
  expect(moves.members.map(({ id, name: _name, ...counts }) => [id, counts])).toEqual(
    expect.arrayContaining([
      [owner.id, { ...none, created: 1, moved: 1, reopened: 1 }],
      [member.id, { ...none, won: 1 }],
      [null, { ...none, abandoned: 1 }],
    ]),
  );
  expect(moves.stages.find(({ id }) => id === first)).toMatchObject({ created: 1, left: 1, came: 0, won: 1 });
  expect(moves.stages.find(({ id }) => id === booked)).toMatchObject({ came: 1, left: 0 });
  expect(moves.contacts.map(({ contactId }) => contactId)).toEqual([mia, pia, noa, kim]);
  expect((await read(`?figure=won&member=${member.id}`)).contacts).toMatchObject([
    {
      contactId: kim,
      before: { stageId: first, status: "open" },
      after: { stageId: booked, status: "won" },
      movedBy: { id: owner.id },
      decidedBy: { id: member.id },
    },
  ]);
  expect((await read(`?figure=moved&member=${member.id}`)).total).toBe(0);
  expect((await read(`?figure=came&stage=${booked}`)).total).toBe(1);
  expect((await read("?figure=abandoned&member=nobody")).contacts).toMatchObject([{ contactId: mia }]);
  const ahead = `${pathOf(organization)}/moves?since=${new Date(now + 1).toISOString()}`;
  expect((await call(server.url, "GET", ahead, { token: organization.token })).status).toBe(400);
  now += 5_000;
  expect((await read(`?since=${new Date(now).toISOString()}`)).total).toBe(0);
});
