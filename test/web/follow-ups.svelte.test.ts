import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { FollowUpGroup, FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import { compareDue, dueInDays, groupOf } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { isParked } from "@dmtracker/shared/pipeline/parking.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FollowUpsAsked } from "../../web/src/lib/api/follow-ups.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FollowUps, GROUPS } from "../../web/src/lib/state/follow-ups.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

const NOON = Date.parse("2026-11-23T12:00:00Z");
let closes: (() => void)[] = [];
beforeEach(() => void vi.useFakeTimers({ now: NOON }));
afterEach(() => {
  for (const close of closes) close();
  closes = [];
  vi.useRealTimers();
});

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const plan = (days: number): ContactChange => ({
  followUp: { act: "schedule", dueAt: dueInDays(NOON, days, "UTC") },
});

/** The list as the real server answers it: in order of work, in pages, with totals. */
function answer(server: FakeServer, { group, filter, cursor, limit = 50 }: FollowUpsAsked): FollowUpsPage {
  const due = [...server.contacts.values()]
    .filter((one) => one.followUp && !isParked(one, Date.now()))
    .filter((one) => matchesFilter(one, filter, { now: new Date(), timeZone: "UTC" }))
    .sort((a, b) =>
      compareDue({ id: a.id, dueAt: a.followUp!.dueAt }, { id: b.id, dueAt: b.followUp!.dueAt }),
    );
  const of = (wanted: FollowUpGroup) =>
    due.filter(({ followUp }) => groupOf(followUp!.dueAt, Date.now(), "UTC") === wanted);
  const start = Number(cursor ?? 0);
  const contacts = structuredClone(of(group).slice(start, start + limit));
  const next = of(group).length > start + limit ? String(start + limit) : null;
  const totals = {
    overdue: of("overdue").length,
    today: of("today").length,
    upcoming: of("upcoming").length,
  };
  return { contacts, next, totals, parked: 0, timeZone: "UTC", seq: server.pipeline.seq };
}

async function open(server: FakeServer, filter: ContactFilter = {}) {
  const channel = new FakeChannel(server);
  const board = new Board({
    pipelineId: "pipeline",
    session: ME,
    channel,
    source: server,
    storage: memoryStorage(),
  });
  channel.connect();
  const clock = $state({ now: NOON });
  const load = vi.fn((asked: FollowUpsAsked) => Promise.resolve(answer(server, asked)));
  const list = new FollowUps(board, load, clock, filter);
  closes.push(() => {
    list.close();
    board.close();
  });
  await wait();
  const ids = () => GROUPS.map((group) => list.groups[group].map(({ id }) => id));
  return { board, channel, clock, list, load, ids };
}

function small(): FakeServer {
  const server = new FakeServer({ new: ["a", "b", "c", "d"], talking: [], closed: [] });
  server.commit("a", plan(-2));
  server.commit("b", plan(0));
  server.commit("c", plan(3));
  return server;
}

test("[FU8] what is due in three groups, and a reply elsewhere moves its contact to Today at once", async () => {
  const server = small();
  const { ids, list } = await open(server);
  expect(ids()).toEqual([["a"], ["b"], ["c"]]);
  expect(GROUPS.map((group) => list.total(group))).toEqual([1, 1, 1]);
  server.commit("c", { message: { direction: "in", text: "Yes", at: new Date().toISOString() } });
  server.commit("d", { message: { direction: "in", text: "Hi", at: new Date().toISOString() } });
  await wait();
  expect(ids()).toEqual([["a"], ["b", "c", "d"], []]);
});

test("[FU7] [RT6] an own act shows before it is answered, and a refused one comes back", async () => {
  const server = small();
  const { board, channel, ids } = await open(server);
  channel.next = [{ refuse: "Not today" }];
  board.change("a", { followUp: { act: "complete" } });
  expect(ids()).toEqual([[], ["b"], ["c"]]);
  await wait();
  expect(ids()).toEqual([["a"], ["b"], ["c"]]);
  board.change("a", { followUp: { act: "snooze", until: dueInDays(NOON, 1, "UTC") } });
  await wait();
  expect(ids()).toEqual([[], ["b"], ["a", "c"]]);
});

test("[PK2] [FU8] who wakes while the page is open comes onto it, also from below what the board has loaded", async () => {
  const contacts = Array.from({ length: 90 }, (_, index) => `n${String(index).padStart(2, "0")}`);
  const server = new FakeServer({ new: contacts, talking: [], closed: [] });
  const until = new Date(NOON + 60_000).toISOString();
  server.commit("n85", { parked: { until, reason: "On holiday" } });
  const { ids, clock, board } = await open(server);
  expect(ids()).toEqual([[], [], []]);
  expect(board.contact("n85")).toBeUndefined();
  await wait(61_000);
  clock.now = Date.now();
  server.commit("n85", { parked: null });
  await wait();
  expect(ids()).toEqual([[], ["n85"], []]);
});

test("[FU6] [FU8] a new day finds all that is due on it, also what was not loaded the day before", async () => {
  const contacts = Array.from({ length: 250 }, (_, index) => `n${String(index).padStart(3, "0")}`);
  const server = new FakeServer({ new: contacts, talking: [], closed: [] });
  for (const id of contacts) server.commit(id, plan(1));
  const { list, clock } = await open(server);
  expect(list.total("upcoming")).toBe(250);
  await wait(86_400_000);
  clock.now = Date.now();
  await wait(61_000);
  expect(list.total("upcoming")).toBe(0);
  expect(list.total("today")).toBe(250);
  await list.loadMore("today");
  await list.loadMore("today");
  expect(list.groups.today.map(({ id }) => id)).toEqual(contacts);
});

test("[FU6] at midnight Today becomes Overdue by itself", async () => {
  const { clock, ids } = await open(small());
  clock.now = NOON + 86_400_000;
  expect(ids()).toEqual([["a", "b"], [], ["c"]]);
});

test("[FU8] mine: what is given to me enters, what is given away leaves", async () => {
  const server = small();
  server.commit("a", { assigneeId: ME.user.id });
  const { ids, list } = await open(server, { assigneeId: [ME.user.id] });
  expect(ids()).toEqual([["a"], [], []]);
  server.commit("b", { assigneeId: ME.user.id });
  server.commit("a", { assigneeId: null });
  await wait();
  expect(ids()).toEqual([[], ["b"], []]);
  list.show({});
  await wait();
  expect(ids()).toEqual([["a"], ["b"], ["c"]]);
});

test("[FI9] a filter holds for follow-ups too: by anybody's change contacts enter and leave, totals follow", async () => {
  const server = small();
  const { ids, list } = await open(server, { leadStatus: ["open"], stageId: ["talking"] });
  expect(ids()).toEqual([[], [], []]);
  server.commit("b", { stageId: "talking" });
  server.commit("a", { stageId: "talking" });
  await wait();
  expect(ids()).toEqual([["a"], ["b"], []]);
  server.commit("a", { status: "won" });
  await wait();
  expect(ids()).toEqual([[], ["b"], []]);
  expect(list.total("overdue")).toBe(0);
  list.show({ search: "c" });
  await wait();
  expect(ids()).toEqual([[], [], ["c"]]);
});

test("[FU8] long lists come in pages with a true total, without holes between", async () => {
  const names = Array.from({ length: 130 }, (_, index) => `n${String(index).padStart(3, "0")}`);
  const server = new FakeServer({ new: names, talking: [], closed: [] });
  for (const name of names) server.commit(name, plan(2));
  const { list } = await open(server);
  expect([list.groups.upcoming.length, list.total("upcoming"), list.hasMore("upcoming")]).toEqual([
    100,
    130,
    true,
  ]);
  server.commit("n125", { followUp: { act: "complete" } });
  await wait(1_000);
  expect([list.groups.upcoming.length, list.total("upcoming")]).toEqual([100, 129]);
  await list.loadMore("upcoming");
  expect([list.groups.upcoming.length, list.hasMore("upcoming")]).toEqual([129, false]);
});

test("a list that did not load says so, and loads when asked again", async () => {
  const server = small();
  const { list, load, ids } = await open(server);
  load.mockRejectedValueOnce(new Error("The server cannot be reached"));
  await list.reload();
  expect(list.problem).toBe("The server cannot be reached");
  expect(ids()).toEqual([["a"], ["b"], ["c"]]);
  await list.reload();
  expect(list.problem).toBeUndefined();
});
