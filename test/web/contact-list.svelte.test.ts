import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { compareContacts } from "@dmtracker/shared/pipeline/contact-order.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import type { ContactListQuery } from "../../web/src/lib/api/contacts.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { LEFT_MS } from "../../web/src/lib/state/board-filter.svelte.ts";
import { ContactList, type ListView } from "../../web/src/lib/state/contact-list.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

const IDS = Array.from({ length: 250 }, (_, index) => `c${String(index).padStart(3, "0")}`);
const BY_NAME = { sort: "username", direction: "asc" } as const;
const OPEN: ListView = { filter: { leadStatus: ["open"] }, ...BY_NAME };

let server: FakeServer;
let channel: FakeChannel;
let board: Board;
let list: ContactList;
let asked: ContactListQuery[];
/** Set to hold the answers of the list back. */
let gate: Promise<void> | undefined;

/** The server's list, by the definition that it shares with the browser. */
async function loadList(query: ContactListQuery): Promise<ContactListPage> {
  asked.push(query);
  const matching = [...server.contacts.values()]
    .filter((contact) => matchesFilter(contact, query.filter, { now: new Date(), timeZone: "UTC" }))
    .sort(compareContacts(query.sort, query.direction));
  const start = query.cursor === null ? 0 : matching.findIndex(({ id }) => id > (query.cursor as string));
  const contacts = start < 0 ? [] : matching.slice(start, start + query.limit);
  const last = contacts.at(-1);
  const page = structuredClone({
    contacts,
    next: last && last !== matching.at(-1) ? last.id : null,
    total: matching.length,
    total_value: matching.reduce((sum, { value }) => sum + (value ?? 0), 0),
    by_stage: {},
    seq: server.pipeline.seq,
  });
  await gate;
  return page;
}

const settled = () => vi.advanceTimersByTimeAsync(50);
const ids = () => list.rows.map(({ contact }) => contact.id);
const row = (id: string) => list.rows.find(({ contact }) => contact.id === id);
const commit = (id: string, change: ContactChange) => server.commit(id, change);

function holdAnswers(): () => void {
  let open = () => {};
  gate = new Promise((resolve) => (open = resolve));
  return () => {
    gate = undefined;
    open();
  };
}

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer({ new: IDS, talking: [], closed: [] });
  channel = new FakeChannel(server);
  asked = [];
  gate = undefined;
  board = new Board({
    pipelineId: "pipeline",
    session: ME,
    channel,
    source: server,
    storage: memoryStorage(),
  });
  list = new ContactList(board, loadList);
  channel.connect();
  await settled();
});

afterEach(() => {
  list.close();
  board.close();
  vi.useRealTimers();
});

describe("the contact list", () => {
  test("[FI7] pages follow as the view comes to them, every contact once", async () => {
    list.show(OPEN);
    await settled();
    expect(ids()).toEqual(IDS.slice(0, 100));
    expect(list.total).toEqual({ count: 250, value: 2500 });
    expect(list.complete).toBe(false);
    void list.reach(180);
    await settled();
    void list.reach(250);
    await settled();
    expect(ids()).toEqual(IDS);
    expect(list.complete).toBe(true);
  });

  test("[FI9] a contact that somebody changes leaves and enters the view, and the total follows", async () => {
    list.show(OPEN);
    await settled();
    commit("c003", { status: "won" });
    await settled();
    expect(ids()).not.toContain("c003");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(list.total).toEqual({ count: 249, value: 2490 });
    commit("c003", { status: "open" });
    await settled();
    expect(ids().indexOf("c003")).toBe(3);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(list.total?.count).toBe(250);
  });

  test("[FI9] one that nobody has loaded is fetched when an event may bring it in", async () => {
    commit("c249", { status: "lost" });
    list.show({ filter: { leadStatus: ["won"] }, ...BY_NAME });
    await settled();
    expect(ids()).toEqual([]);
    commit("c200", { status: "won" });
    commit("c201", { status: "abandoned" });
    await settled();
    expect(ids()).toEqual(["c200"]);
    expect(server.requests.filter((request) => request.startsWith("contacts"))).toEqual(["contacts c200"]);
  });

  test("[FI10] a row that one changes oneself stays where it is for a moment, marked, and then goes", async () => {
    list.show(OPEN);
    await settled();
    board.change("c002", { status: "abandoned" });
    expect(row("c002")).toMatchObject({ left: true, contact: { leadStatus: "abandoned" } });
    expect(ids().indexOf("c002")).toBe(2);
    await settled();
    expect(row("c002")?.left).toBe(true);
    await vi.advanceTimersByTimeAsync(LEFT_MS);
    expect(row("c002")).toBeUndefined();
  });

  test("[FI10] a refused change brings the row back as it was", async () => {
    list.show(OPEN);
    await settled();
    channel.next.push({ refuse: "Not allowed" });
    board.change("c002", { status: "abandoned" });
    expect(row("c002")?.left).toBe(true);
    await vi.advanceTimersByTimeAsync(LEFT_MS * 2);
    expect(row("c002")).toMatchObject({ left: false, contact: { leadStatus: "open" } });
  });

  test("[FI11] an answer to an earlier filter is dropped, however late it comes", async () => {
    const release = holdAnswers();
    list.show({ filter: { leadStatus: ["won"] }, ...BY_NAME });
    await settled();
    gate = undefined;
    list.show(OPEN);
    await settled();
    expect(ids()).toHaveLength(100);
    release();
    await settled();
    expect(ids()).toHaveLength(100);
    expect(list.total?.count).toBe(250);
  });

  test("[FI11] what happens while a page is on its way is in it or comes after it", async () => {
    const release = holdAnswers();
    list.show(OPEN);
    await settled();
    commit("c001", { status: "lost" });
    commit("c002", { username: "zz" });
    await settled();
    release();
    await settled();
    expect(ids()).not.toContain("c001");
    expect(ids()).not.toContain("c002");
    void list.reach(250);
    await settled();
    void list.reach(250);
    await settled();
    expect(ids().at(-1)).toBe("c002");
    expect(ids()).toHaveLength(249);
  });

  test("[FI11] what happens while another view is on its way is judged by that view: rows and total", async () => {
    list.show({ filter: { search: "nobody" }, ...BY_NAME });
    await settled();
    const release = holdAnswers();
    list.show(OPEN);
    await settled();
    commit("c001", { status: "won" });
    commit("c249", { status: "lost" });
    release();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ids()[1]).toBe("c002");
    expect(list.total?.count).toBe(248);
  });

  test("[FI9] a change of what is sorted by moves the row; beyond what is loaded it goes", async () => {
    list.show(OPEN);
    await settled();
    commit("c050", { username: "a" });
    await settled();
    expect(ids()[0]).toBe("c050");
    commit("c050", { username: "zz" });
    await settled();
    expect(ids()).not.toContain("c050");
  });

  test("the same view again asks for nothing", async () => {
    list.show(OPEN);
    await settled();
    const before = asked.length;
    expect(list.show(structuredClone(OPEN))).toBe(false);
    await settled();
    expect(asked).toHaveLength(before);
  });

  test("[FI9] contacts leave by the passing of time", async () => {
    vi.setSystemTime("2026-11-20T23:59:30Z");
    commit("c000", { note: "today" });
    await settled();
    list.show({ filter: { date: { field: "status_changed", range: "today" } }, ...BY_NAME });
    commit("c001", { status: "won" });
    await settled();
    expect(ids()).toEqual(["c001"]);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(ids()).toEqual([]);
  });
});

describe("a view of who has been quiet", () => {
  const QUIET: ListView = { filter: { quietDays: 7 }, sort: "last_activity", direction: "asc" };
  /** c200 was quiet for a week half a minute from now; nobody else was. */
  function makeQuiet(): void {
    vi.setSystemTime("2026-11-20T12:00:00Z");
    for (const id of IDS) commit(id, { note: "recently" });
    const lastActivityAt = "2026-11-13T12:00:30.000Z";
    server.contacts.set("c200", { ...server.contacts.get("c200")!, lastActivityAt });
  }

  test("[RQ1] contacts fall into a list by the mere passing of time, also those that nobody holds here", async () => {
    makeQuiet();
    list.show(QUIET);
    await settled();
    expect(ids()).toEqual([]);
    await vi.advanceTimersByTimeAsync(62_000);
    expect(list.total?.count).toBe(1);
    expect(ids()).toEqual(["c200"]);
  });

  test("[RQ1] and onto a board", async () => {
    makeQuiet();
    board.show(QUIET.filter);
    await settled();
    await vi.advanceTimersByTimeAsync(62_000);
    expect(board.totals.get("new")?.count).toBe(1);
    expect(board.columns.flatMap(({ contacts }) => contacts.map(({ id }) => id))).toEqual(["c200"]);
  });
});

describe("a filtered board", () => {
  test("[FI9] shows what matches, and cards enter and leave live", async () => {
    board.show({ leadStatus: ["won"] });
    await settled();
    const shown = () => board.columns.flatMap(({ contacts }) => contacts.map(({ id }) => id));
    expect(shown()).toEqual([]);
    commit("c007", { status: "won" });
    await settled();
    expect(shown()).toEqual(["c007"]);
    board.change("c007", { status: "open" });
    expect(board.hasLeft("c007")).toBe(true);
    expect(shown()).toEqual(["c007"]);
    await vi.advanceTimersByTimeAsync(LEFT_MS + 100);
    expect(shown()).toEqual([]);
    board.show({});
    await settled();
    expect(shown()).toHaveLength(40);
  });

  test("[FI8] [RT6] one's own change is in the totals at once, also while the server counts, and a refused one never stays", async () => {
    board.show({ leadStatus: ["won"] });
    await settled();
    const won = () => [...board.totals.values()].reduce((sum, { count }) => sum + count, 0);
    for (const id of ["c007", "c002", "c009"]) await board.open(id);
    channel.next = ["hold"];
    board.change("c007", { status: "won" });
    expect(won()).toBe(1);
    // Others make the server count again, without what is still on its way.
    commit("c001", { status: "won" });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(won()).toBe(2);
    channel.release();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(won()).toBe(2);
    channel.next = [{ refuse: "Not allowed" }];
    board.change("c002", { status: "won" });
    expect(won()).toBe(3);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(won()).toBe(2);
    // Committed and heard of, while its answer was lost: counted by the server, and no more by the page.
    channel.next = ["commit, then lose the answer"];
    board.change("c009", { status: "won" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(won()).toBe(3);
  });
});
