import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { ContactFilter, ContactSort } from "@dmtracker/shared/contracts/filter.ts";
import type { FollowUpGroup, FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import { compareContacts } from "@dmtracker/shared/pipeline/contact-order.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import { compareDue } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { isParked } from "@dmtracker/shared/pipeline/parking.ts";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ContactListQuery } from "../../web/src/lib/api/contacts.ts";
import type { FollowUpsAsked } from "../../web/src/lib/api/follow-ups.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { ContactList, type ListView } from "../../web/src/lib/state/contact-list.svelte.ts";
import { FollowUps, GROUPS, type DueContact } from "../../web/src/lib/state/follow-ups.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage, STAGES } from "./fake-server.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const STATUSES = ["open", "won", "lost", "abandoned"] as const;
const FILTERS: ContactFilter[] = [
  {},
  { leadStatus: ["open"] },
  { stageId: ["talking", "closed"] },
  { search: "name" },
];

const SORTS: ContactSort[] = ["username", "value", "last_activity", "status_changed"];

/** One page of the person at the screen: its board and lists, its line, what is late on it, and its own changes. */
type Tab = {
  board: Board;
  list: ContactList;
  due: FollowUps;
  channel: FakeChannel;
  late: PipelineEvent[][];
  isOvertaken: boolean;
  mine: [mutationId: string, contactId: string][];
};

const placeOf = ({ id, followUp }: DueContact) => ({ id, dueAt: followUp.dueAt });

/** A server, and two tabs of one person that share what waits in their browser. */
class World {
  readonly ids = Array.from({ length: 130 }, (_, index) => `c${String(index).padStart(3, "0")}`);
  readonly server = new FakeServer(
    { new: this.ids.slice(0, 90), talking: this.ids.slice(90, 115), closed: this.ids.slice(115) },
    [{ id: "r1", type: "stage_to_status", stageId: "closed", status: "won", enabled: true }],
  );
  readonly storage = memoryStorage();
  readonly clock = $state({ now: Date.now() });
  readonly tabs: Tab[] = [this.open(), this.open()];
  openReads: (() => void) | undefined;

  constructor() {
    this.server.maxCatchUp = 25;
    for (const [at, id] of this.ids.entries()) if (at % 5 === 0) this.server.commit(id, plan(at));
  }

  open(): Tab {
    const { server, storage } = this;
    const channel = new FakeChannel(server);
    const deliver = channel.deliver.bind(channel);
    const board = new Board({ pipelineId: "pipeline", session: ME, channel, source: server, storage });
    const list = new ContactList(board, (query) => this.loadList(query));
    const due = new FollowUps(board, (asked) => this.loadDue(asked), this.clock);
    const tab: Tab = { board, list, due, channel, late: [], isOvertaken: false, mine: [] };
    channel.deliver = (events) => void (tab.isOvertaken ? tab.late.push(events) : deliver(events));
    board.onChanged(({ mutationId, contactId }) => tab.mine.push([mutationId, contactId]));
    channel.connect();
    return tab;
  }

  matching({ filter, sort, direction }: Pick<ContactListQuery, "filter" | "sort" | "direction">) {
    return [...this.server.contacts.values()]
      .filter((one) => !one.removed && matchesFilter(one, filter, { now: new Date(), timeZone: "UTC" }))
      .sort(compareContacts(sort, direction));
  }

  async loadList(query: ContactListQuery): Promise<ContactListPage> {
    const all = this.matching(query);
    const order = compareContacts(query.sort, query.direction);
    const cursor = query.cursor === null ? undefined : (JSON.parse(query.cursor) as Contact);
    const rest = cursor ? all.filter((contact) => order(contact, cursor) > 0) : all;
    const contacts = rest.slice(0, query.limit);
    const page = structuredClone({
      contacts,
      next: rest.length > contacts.length ? JSON.stringify(contacts.at(-1)) : null,
      total: all.length,
      total_value: all.reduce((sum, { value }) => sum + (value ?? 0), 0),
      by_stage: {},
      seq: this.server.pipeline.seq,
    });
    await this.server.readGate;
    return page;
  }

  due(filter: ContactFilter): Record<FollowUpGroup, DueContact[]> {
    const now = Date.now();
    const groups: Record<FollowUpGroup, DueContact[]> = { overdue: [], today: [], upcoming: [] };
    const all = [...this.server.contacts.values()].filter(
      (one): one is DueContact => one.followUp !== null && !one.removed && !isParked(one, now),
    );
    all.sort((a, b) => compareDue(placeOf(a), placeOf(b)));
    for (const one of all) {
      const passes = matchesFilter(one, filter, { now: new Date(now), timeZone: "UTC" });
      const [day, today] = [one.followUp.dueAt.slice(0, 10), inHours(0).slice(0, 10)];
      if (passes) groups[day < today ? "overdue" : day === today ? "today" : "upcoming"].push(one);
    }
    return groups;
  }

  async loadDue({ group, filter, cursor, limit = 50 }: FollowUpsAsked): Promise<FollowUpsPage> {
    const after = cursor === undefined ? undefined : (JSON.parse(cursor) as ReturnType<typeof placeOf>);
    const groups = this.due(filter);
    const rest = groups[group].filter((one) => !after || compareDue(placeOf(one), after) > 0);
    const contacts = rest.slice(0, Math.min(limit, DUE_AT_ONCE));
    const last = contacts.at(-1);
    const { overdue, today, upcoming } = groups;
    const page = structuredClone({
      contacts,
      next: last && rest.length > contacts.length ? JSON.stringify(placeOf(last)) : null,
      totals: { overdue: overdue.length, today: today.length, upcoming: upcoming.length },
      parked: 0,
      timeZone: "UTC",
      seq: this.server.pipeline.seq,
    });
    await this.server.readGate;
    return page;
  }

  /** Another visit: what is in memory is gone, what is kept in the browser is there. */
  reload(at: number): void {
    const old = this.tabs[at] as Tab;
    old.list.close();
    old.due.close();
    old.board.close();
    old.channel.close();
    this.tabs[at] = this.open();
  }

  arrive(tab: Tab): void {
    tab.isOvertaken = false;
    for (const events of tab.late.splice(0).reverse()) tab.channel.deliver(events);
  }

  holdReads(): void {
    this.server.readGate ??= new Promise((resolve) => (this.openReads = resolve));
  }

  releaseReads(): void {
    this.server.readGate = undefined;
    this.openReads?.();
  }

  /** As the real one does it: everybody moves, then the stage goes. */
  deleteOrRestoreStage(): void {
    const { server } = this;
    const { stages } = server.pipeline;
    const next = stages.length < STAGES.length ? STAGES : stages.filter(({ id }) => id !== "talking");
    if (next.length < stages.length) {
      for (const id of server.ids("talking")) {
        const last = server.ids("new").at(-1) ?? null;
        server.commit(id, { stageId: "new", after: last });
      }
    }
    server.publish([
      server.event({ type: "pipeline.stages_changed", before: { stages }, after: { stages: next } }),
    ]);
  }

  aChange(what: number, who: number, where: number): [string, ContactChange] {
    const id = this.ids[who % this.ids.length] as string;
    const { stages } = this.server.pipeline;
    const stageId = stages[where % stages.length]?.id as string;
    const others = this.server.ids(stageId).filter((other) => other !== id);
    const at = where % (Math.min(others.length, 50) + 1);
    const neighbours = { after: others[at - 1] ?? null, before: others[at] ?? null };
    const own = this.server.contacts.get(id)?.stageId === stageId;
    const changes: ContactChange[] = [
      { ...(!own && { stageId }), ...neighbours },
      { ...(!own && { stageId }), ...neighbours },
      { stageId },
      { status: STATUSES[where % STATUSES.length] },
      { displayName: where % 2 === 0 ? `name ${where % 9}` : "other" },
      { value: where },
      plan(where),
      { status: "open", parked: { until: inHours(1 + (where % 200)), reason: null } },
      { parked: null },
      { message: { direction: where % 2 === 0 ? "in" : "out", text: "Hi", at: inHours(0) } },
      { removed: true },
      { removed: false },
    ];
    return [id, changes[what % changes.length] as ContactChange];
  }
}

/** Small pages, so that a few contacts are more than one. */
const DUE_AT_ONCE = 4;
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const plan = (hours: number): ContactChange => ({
  followUp: { act: "schedule", dueAt: inHours((hours % 100) - 50) },
});

const ANSWERS = ["hold", "busy", "never", "commit, then lose the answer", { refuse: "No" }] as const;

type Step = { act: keyof typeof ACTS; tab: number; what: number; who: number; where: number; ms: number };

const viewOf = ({ what, who, where }: Step): ListView => ({
  filter: FILTERS[what % FILTERS.length] ?? {},
  sort: SORTS[who % SORTS.length] ?? "username",
  direction: where % 2 === 0 ? "asc" : "desc",
});

/** Everything that can happen; numbers choose the rest. */
const ACTS = {
  others: (world: World, _tab: Tab, { what, who, where }: Step) =>
    void world.server.commit(...world.aChange(what, who, where)),
  own: (world: World, { board }: Tab, { what, who, where }: Step) =>
    board.change(...world.aChange(what, who, where)),
  ownInTrouble(world: World, { board, channel }: Tab, { what, who, where, ms }: Step) {
    channel.next.push(ANSWERS[ms % ANSWERS.length] as (typeof ANSWERS)[number]);
    board.change(...world.aChange(what, who, where));
  },
  undo(_world: World, { board, mine }: Tab) {
    const last = mine.pop();
    if (last) board.undo(...last);
  },
  answer: (_world: World, { channel }: Tab) => channel.release(),
  lose: (_world: World, { channel }: Tab) => void (channel.losing = !channel.losing),
  overtake: (_world: World, tab: Tab) => void (tab.isOvertaken = true),
  arrive: (world: World, tab: Tab) => world.arrive(tab),
  heartbeat: (_world: World, { channel }: Tab) => channel.heartbeat(),
  line: (_world: World, { channel }: Tab) => (channel.connected ? channel.disconnect() : channel.connect()),
  wake: (_world: World, { channel }: Tab) => channel.wake(),
  rerank: ({ server }: World, _tab: Tab, { where }: Step) =>
    server.rerank(STAGES[where % STAGES.length]?.id as string),
  scroll(_world: World, { board }: Tab, { who, where }: Step) {
    const column = board.columns[where % Math.max(1, board.columns.length)];
    if (column) void board.reach(column, who);
  },
  open: (_world: World, { board }: Tab, { who }: Step) =>
    void board.open(`c${String(who % 130).padStart(3, "0")}`).catch(() => undefined),
  filter: (_world: World, { board }: Tab, { what }: Step) => board.show(FILTERS[what % FILTERS.length] ?? {}),
  view: (_world: World, { list }: Tab, step: Step) => void list.show(viewOf(step)),
  scrollList: (_world: World, { list }: Tab, { who }: Step) => void list.reach(who),
  moreDue: (_world: World, { due }: Tab, { what }: Step) =>
    void due.loadMore(GROUPS[what % GROUPS.length] ?? "today"),
  showDue: (_world: World, { due }: Tab, { what }: Step) => due.show(FILTERS[what % FILTERS.length] ?? {}),
  holdReads: (world: World) => world.holdReads(),
  releaseReads: (world: World) => world.releaseReads(),
  stages: (world: World) => world.deleteOrRestoreStage(),
  reload: (world: World, _tab: Tab, { tab }: Step) => world.reload(tab),
} satisfies Record<string, (world: World, tab: Tab, step: Step) => void>;

const aStep: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Step["act"]>("others", "own", "ownInTrouble") },
    { weight: 3, arbitrary: fc.constantFrom<Step["act"]>("answer", "arrive", "releaseReads") },
    { weight: 4, arbitrary: fc.constantFrom(...(Object.keys(ACTS) as Step["act"][])) },
  ),
  tab: fc.nat(1),
  what: fc.nat(11),
  who: fc.nat(129),
  where: fc.nat(200),
  ms: fc.constantFrom(0, 0, 0, 1, 52, 403, 2_504),
});

/** The network is there, nothing is held back any more, and time passes. */
async function comeToRest(world: World): Promise<void> {
  world.releaseReads();
  for (const tab of world.tabs) {
    world.arrive(tab);
    tab.channel.losing = false;
    if (!tab.channel.connected) tab.channel.connect();
  }
  for (let second = 0; second < 40; second++) {
    for (const { channel } of world.tabs) {
      while (channel.held.length > 0) channel.release();
      channel.heartbeat();
    }
    await vi.advanceTimersByTimeAsync(1_000);
  }
  world.clock.now = Date.now();
}

function expectTheTruth({ server, storage }: World, { board }: Tab, filter: ContactFilter): void {
  expect(board.live).toMatchObject({ status: "live", waiting: 0, behind: 0 });
  expect(storage.entries.size).toBe(0);
  expect(board.columns.map(({ stageId }) => stageId)).toEqual(server.pipeline.stages.map(({ id }) => id));
  for (const column of board.columns) {
    const whole = server.list(column.stageId, filter);
    const part = whole.slice(0, column.contacts.length);
    expect(column.contacts.map(({ id }) => id)).toEqual(part.map(({ id }) => id));
    expect(column.contacts).toEqual(part);
    if (column.complete) expect(column.contacts).toHaveLength(whole.length);
    else expect(column.contacts.length).toBeGreaterThan(0);
    const value = whole.reduce((sum, contact) => sum + (contact.value ?? 0), 0);
    expect(board.totals.get(column.stageId) ?? { count: 0, value: 0 }).toEqual({
      count: whole.length,
      value,
    });
  }
}

/** What a list shows is the beginning of what the server finds, in order; all of it when it says so. */
function expectTheList(world: World, { list, board }: Tab, view: ListView | undefined): void {
  if (!view) return;
  const whole = world.matching(view);
  const rows = list.rows.map(({ contact }) => contact);
  expect(rows.map(({ id }) => id)).toEqual(whole.slice(0, rows.length).map(({ id }) => id));
  for (const { id } of rows) expect(board.contact(id)).toEqual(world.server.contacts.get(id));
  if (list.complete) expect(rows).toHaveLength(whole.length);
  else expect(rows.length).toBeGreaterThan(0);
  expect(list.total?.count).toBe(whole.length);
}

function expectWhatIsDue(world: World, { due }: Tab): void {
  expect(due.starting).toBe(false);
  for (const group of GROUPS) {
    const whole = world.due(due.filter)[group].map(({ id }) => id);
    const shown = due.groups[group].map(({ id }) => id);
    expect(shown).toEqual(whole.slice(0, shown.length));
    if (!due.hasMore(group)) expect(shown).toHaveLength(whole.length);
    expect(due.total(group)).toBe(whole.length);
  }
}

test("[RT3] [RT6] rivals 40: in whatever order own changes, answers, refusals, news, gaps and snapshots come, in the end two tabs show what the server holds, on board, list and follow-ups", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 5, maxLength: 80 }), async (steps) => {
      vi.setSystemTime("2026-11-23T12:00:00Z");
      const world = new World();
      const shown: ContactFilter[] = [{}, {}];
      const views: (ListView | undefined)[] = [undefined, undefined];
      await vi.advanceTimersByTimeAsync(0);
      for (const step of steps) {
        const tab = world.tabs[step.tab] as Tab;
        ACTS[step.act](world, tab, step);
        if (step.act === "filter") shown[step.tab] = FILTERS[step.what % FILTERS.length] ?? {};
        if (step.act === "view") views[step.tab] = viewOf(step);
        if (step.act === "reload") {
          shown[step.tab] = {};
          views[step.tab] = undefined;
        }
        await vi.advanceTimersByTimeAsync(step.ms);
      }
      await comeToRest(world);
      for (const [at, tab] of world.tabs.entries()) {
        expectTheTruth(world, tab, shown[at] ?? {});
        expectTheList(world, tab, views[at]);
        expectWhatIsDue(world, tab);
      }
      for (const { list, due, board } of world.tabs) {
        list.close();
        due.close();
        board.close();
      }
    }),
    { numRuns: 60 },
  );
});
