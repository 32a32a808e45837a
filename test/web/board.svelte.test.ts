import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Move, RefusedChange } from "../../web/src/lib/state/board-news.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

let boards: Board[] = [];
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const board of boards) board.close();
  boards = [];
  vi.useRealTimers();
});

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, "0")}`);

async function openBoard(server: FakeServer, storage = memoryStorage()) {
  const channel = new FakeChannel(server);
  const board = new Board({ pipelineId: "pipeline", session: ME, channel, source: server, storage });
  boards.push(board);
  channel.connect();
  await wait();
  const ids = (stageId: string) =>
    board.columns.find((one) => one.stageId === stageId)?.contacts.map(({ id }) => id);
  const moves: Move[] = [];
  const refused: RefusedChange[] = [];
  board.onMoved((news) => moves.push(...news));
  board.onRefused((news) => refused.push(news));
  const count = (stageId: string) => board.totals.get(stageId)?.count;
  return { board, channel, storage, ids, moves, refused, count };
}

const small = () => new FakeServer({ new: ["a", "b", "c"], talking: ["d", "e"], closed: [] });
const closedWins: Rule = {
  id: "rule",
  type: "stage_to_status",
  stageId: "closed",
  status: "won",
  enabled: true,
};

describe("what others do", () => {
  test("rivals 6: a move by someone else shows at once, in its exact place and in the totals", async () => {
    const server = small();
    const { ids, moves, count, board } = await openBoard(server);
    server.commit("a", { stageId: "talking", after: "d", before: "e" });
    expect(ids("new")).toEqual(["b", "c"]);
    expect(ids("talking")).toEqual(["d", "a", "e"]);
    expect([count("new"), count("talking")]).toEqual([2, 3]);
    expect(moves).toMatchObject([{ contactId: "a", by: "someone", actor: { name: "Ana" } }]);
    expect(board.live.status).toBe("live");
  });

  test("rivals 8: a new contact appears at the top of its stage without a refresh", async () => {
    const server = small();
    const { ids, count } = await openBoard(server);
    const created = { ...server.contacts.get("a")!, id: "n", username: "n", rank: "Zz", seq: 1 };
    server.publish([server.event({ type: "contact.created", contactId: "n", after: created })]);
    expect(ids("new")).toEqual(["n", "a", "b", "c"]);
    expect(count("new")).toBe(4);
  });

  test("[RM1] a contact that somebody removes leaves its column and the count, and comes back restored", async () => {
    const server = small();
    const { ids, count, board, moves } = await openBoard(server);
    const before = server.contacts.get("b")!;
    const { stageId, leadStatus, value } = before;
    const removed = { at: "2026-03-02T10:00:00.000Z", by: { type: "user" as const, id: "ana", name: "Ana" } };
    const counted = { stageId, leadStatus, value };
    server.publish([
      server.event({ type: "contact.removed", contactId: "b", before: counted, after: { removed } }),
    ]);
    expect(ids("new")).toEqual(["a", "c"]);
    expect(count("new")).toBe(2);
    expect(board.contact("b")?.removed).toEqual(removed);
    expect(moves).toEqual([]);
    const after = { ...before, removed: null };
    server.publish([server.event({ type: "contact.restored", contactId: "b", before: { removed }, after })]);
    expect(ids("new")).toEqual(["a", "b", "c"]);
    expect(count("new")).toBe(3);
  });

  test("[RM2] one's own removal shows at once, in the count too, and a refusal brings the card back", async () => {
    const server = small();
    const { ids, count, board } = await openBoard(server);
    board.change("b", { removed: true });
    expect(ids("new")).toEqual(["a", "c"]);
    expect(count("new")).toBe(2);
    board.change("b", { status: "won" });
    expect(board.refusal("b")).toContain("restore it first");
  });

  test("rivals 9: one event that cannot be read stops nothing, and what it would have done is repaired", async () => {
    const server = small();
    const { ids, channel, board } = await openBoard(server);
    const complain = vi.spyOn(console, "error").mockImplementation(() => undefined);
    server.contacts.set("a", { ...server.contacts.get("a")!, displayName: "Repaired" });
    server.pipeline = { ...server.pipeline, seq: 1 };
    channel.deliver([{ ...server.event({ contactId: "a", seq: 1 }), after: null as never }]);
    server.commit("b", { stageId: "talking" });
    await wait(1_000);
    expect(complain).toHaveBeenCalledOnce();
    expect(ids("talking")).toEqual(["b", "d", "e"]);
    expect(board.contact("a")?.displayName).toBe("Repaired");
    channel.deliver([null as never]);
    server.commit("c", { stageId: "talking" });
    await wait(1_000);
    expect(ids("talking")).toEqual(["c", "b", "d", "e"]);
    expect(board.live.status).toBe("live");
    complain.mockRestore();
  });

  test("rivals 10: a field that someone edits elsewhere changes the card here", async () => {
    const server = small();
    const { board } = await openBoard(server);
    server.commit("a", { displayName: "Kim" });
    expect(board.contact("a")?.displayName).toBe("Kim");
  });

  test("a tag that was made after the board was opened gets its name, and is asked for once", async () => {
    const server = small();
    const { board } = await openBoard(server);
    server.directory = { ...server.directory, tags: [{ id: "fresh", name: "VIP", colour: "#64748b" }] };
    server.commit("a", { tags: { add: ["fresh"] } });
    server.commit("b", { tags: { add: ["fresh"] } });
    await wait();
    expect(board.tags.map(({ name }) => name)).toEqual(["VIP"]);
    expect(server.requests.filter((request) => request === "directory")).toHaveLength(1);
  });

  test("new ranks for a stage keep every card in its order, own pending ones too", async () => {
    const server = small();
    const { ids, board, channel } = await openBoard(server);
    channel.next = ["hold"];
    board.change("c", { after: null, before: "a" });
    server.rerank("new");
    expect(ids("new")).toEqual(["c", "a", "b"]);
    server.commit("b", { after: null, before: "a" });
    expect(ids("new")).toEqual(["b", "c", "a"]);
    channel.release();
    await wait();
    expect(ids("new")).toEqual(server.ids("new"));
  });
});

describe("catching up", () => {
  test("rivals 1: after any absence the events since the last seen number arrive, however old", async () => {
    const server = small();
    const { ids, channel, board } = await openBoard(server);
    channel.disconnect();
    expect(board.live.status).toBe("offline");
    server.commit("a", { stageId: "talking" });
    await wait(3 * 3_600_000);
    expect(board.live.secondsBehind).toBeGreaterThan(10_000);
    server.commit("b", { stageId: "talking" });
    channel.connect();
    await wait();
    expect(ids("talking")).toEqual(["b", "a", "d", "e"]);
    expect(board.live).toMatchObject({ status: "live", behind: 0, secondsBehind: 0 });
    expect(server.requests).toEqual(["board"]);
  });

  test("rivals 2: answers from before a snapshot are dropped", async () => {
    const server = new FakeServer({ new: numbered("n", 300), talking: [], closed: [] });
    const { board, channel, ids } = await openBoard(server);
    let open = () => {};
    server.readGate = new Promise((resolve) => (open = resolve));
    const column = board.columns[0]!;
    const stale = board.reach(column, 60);
    await wait();
    server.readGate = undefined;
    channel.disconnect();
    server.maxCatchUp = 0;
    server.commit("n00050", { stageId: "talking" });
    server.commit("n00051", { stageId: "closed" });
    channel.connect();
    await wait();
    open();
    await stale;
    await wait(1_000);
    expect(ids("talking")).toEqual(["n00050"]);
    expect(ids("new")).toEqual(server.ids("new").slice(0, ids("new")!.length));
    expect(ids("new")!.length).toBeGreaterThan(60);
  });

  test("rivals 3: waking up asks at once, and replaces a connection that does not answer", async () => {
    const server = small();
    const { ids, channel, board } = await openBoard(server);
    channel.losing = true;
    server.commit("a", { stageId: "talking" });
    channel.losing = false;
    channel.wake();
    await wait();
    expect(ids("talking")).toEqual(["a", "d", "e"]);
    channel.join = () => new Promise(() => undefined);
    channel.wake();
    await wait(3_000);
    expect(channel.reconnects).toBe(1);
    expect(board.live.status).not.toBe("live");
  });

  test("rivals 5: a heartbeat that is ahead reveals a silent subscription", async () => {
    const server = small();
    const { ids, channel, board } = await openBoard(server);
    channel.losing = true;
    server.commit("a", { stageId: "talking" });
    expect(ids("talking")).toEqual(["d", "e"]);
    channel.heartbeat();
    await wait(400);
    expect(ids("talking")).toEqual(["a", "d", "e"]);
    expect(board.live.status).toBe("live");
  });

  test("rivals 5: when heartbeats stop the screen says so and a new connection is made", async () => {
    const server = small();
    const { channel, board } = await openBoard(server);
    const seen: string[] = [];
    for (let second = 0; second < 14; second++) {
      await wait(1_000);
      seen.push(board.live.status);
    }
    expect(channel.reconnects).toBe(1);
    expect(seen.slice(0, 11)).toEqual(Array(11).fill("live"));
    channel.heartbeat();
    expect(board.live.status).toBe("live");
  });

  test("rivals 12: events that overtake each other are applied in order; a lost one is fetched after 300 ms", async () => {
    const server = small();
    const { ids, channel } = await openBoard(server);
    channel.losing = true;
    server.commit("a", { stageId: "talking" });
    server.commit("a", { stageId: "closed" });
    channel.losing = false;
    const [first, second] = server.log;
    channel.deliver([second!]);
    expect(ids("new")).toEqual(["a", "b", "c"]);
    channel.deliver([first!]);
    expect(ids("closed")).toEqual(["a"]);
    channel.losing = true;
    server.commit("b", { stageId: "closed" });
    channel.losing = false;
    server.commit("c", { stageId: "closed" });
    expect(ids("closed")).toEqual(["a"]);
    await wait(350);
    expect(ids("closed")).toEqual(["c", "b", "a"]);
  });

  test("an absence that is too long for the log brings a snapshot, with what was scrolled to and what waits", async () => {
    const server = new FakeServer({ new: numbered("n", 500), talking: ["t"], closed: [] });
    const { board, ids, channel } = await openBoard(server);
    await board.reach(board.columns[0]!, 250);
    expect(ids("new")!.length).toBeGreaterThan(250);
    channel.disconnect();
    board.change("n00003", { stageId: "closed" });
    server.maxCatchUp = 3;
    for (const id of ["n00000", "n00001", "n00002", "n00200"]) server.commit(id, { stageId: "talking" });
    const columns = board.columns;
    channel.connect();
    await wait();
    expect(board.columns).toBe(columns);
    expect(ids("new")!.length).toBeGreaterThan(250);
    expect(ids("new")).toEqual(server.ids("new").slice(0, ids("new")!.length));
    expect(ids("closed")).toEqual(["n00003"]);
    expect(server.ids("closed")).toEqual(["n00003"]);
    expect(board.live).toMatchObject({ status: "live", waiting: 0 });
  });
});

describe("own changes", () => {
  test("rivals 16: three quick moves stay where they were put while answers are on their way", async () => {
    const server = small();
    const { board, ids, channel, moves } = await openBoard(server);
    channel.next = ["hold", "hold", "hold"];
    board.change("a", { stageId: "talking", after: "e", before: null });
    board.change("b", { stageId: "talking", after: "a", before: null });
    board.change("c", { stageId: "closed" });
    const shown = { new: [], talking: ["d", "e", "a", "b"], closed: ["c"] };
    const all = () => ({ new: ids("new"), talking: ids("talking"), closed: ids("closed") });
    expect(all()).toEqual(shown);
    for (let answer = 0; answer < 3; answer++) {
      channel.release();
      await wait();
      expect(all()).toEqual(shown);
    }
    expect(moves.filter(({ by }) => by !== "me")).toEqual([]);
    expect(server.ids("talking")).toEqual(["d", "e", "a", "b"]);
    expect(board.live.waiting).toBe(0);
  });

  test("rivals 17: a refused move goes back to its exact old place and says why", async () => {
    const server = small();
    const { board, ids, channel, refused, moves, count } = await openBoard(server);
    channel.next = [{ refuse: "Only admins may close" }];
    board.change("b", { stageId: "closed" });
    expect(ids("closed")).toEqual(["b"]);
    expect(count("closed")).toBe(1);
    await wait();
    expect(ids("new")).toEqual(["a", "b", "c"]);
    expect(count("closed")).toBe(0);
    expect(refused).toEqual([{ contactId: "b", username: "b", message: "Only admins may close" }]);
    expect(board.refusal("b")).toBe("Only admins may close");
    expect(moves.at(-1)).toMatchObject({ contactId: "b", by: "refusal" });
    board.change("b", { stageId: "talking" });
    expect(board.refusal("b")).toBeUndefined();
  });

  test("rivals 24: the answer for one card leaves the pending move of another alone", async () => {
    const server = small();
    const { board, ids, channel } = await openBoard(server);
    channel.next = ["hold", "hold"];
    board.change("a", { stageId: "talking" });
    board.change("b", { stageId: "closed" });
    channel.release();
    await wait();
    expect(ids("closed")).toEqual(["b"]);
    expect(board.waiting("a")).toBe(0);
    expect(board.waiting("b")).toBe(1);
  });

  test("rivals 25: an acknowledged change stays on the screen until the stream has reached its number", async () => {
    const server = small();
    const { board, ids, channel } = await openBoard(server);
    channel.losing = true;
    board.change("a", { stageId: "closed" });
    await wait(200);
    expect(board.live.waiting).toBe(0);
    expect(ids("closed")).toEqual(["a"]);
    await wait(200);
    expect(ids("closed")).toEqual(["a"]);
    expect(board.contact("a")?.seq).toBe(1);
  });

  test("rivals 26: A-B-A ends in A, with both moves in the log", async () => {
    const server = small();
    const { board, ids, channel } = await openBoard(server);
    channel.next = ["hold", "hold"];
    board.change("a", { stageId: "talking" });
    board.change("a", { stageId: "new", after: null, before: "b" });
    expect(ids("new")).toEqual(["a", "b", "c"]);
    channel.release();
    await wait();
    expect(ids("new")).toEqual(["a", "b", "c"]);
    channel.release();
    await wait();
    expect(ids("new")).toEqual(["a", "b", "c"]);
    expect(server.log.map(({ after }) => after.stageId)).toEqual(["talking", "new"]);
  });

  test("rivals 15: a move names one contact and its neighbours, never a column", async () => {
    const server = small();
    const { board, channel } = await openBoard(server);
    board.change("a", { stageId: "talking", after: "d", before: "e" });
    const { mutationId, ...rest } = channel.sent[0]!;
    expect(rest).toEqual({ contactId: "a", stageId: "talking", after: "d", before: "e", version: 1 });
    expect(mutationId.length).toBeGreaterThan(8);
  });

  test("what others change waits for the field that has an own pending change, other fields show at once", async () => {
    const server = small();
    const { board, channel } = await openBoard(server);
    channel.next = ["hold"];
    board.change("a", { status: "won" });
    server.commit("a", { status: "lost" });
    server.commit("a", { displayName: "Kim" });
    expect(board.contact("a")).toMatchObject({ leadStatus: "won", displayName: "Kim" });
    channel.release();
    await wait();
    expect(board.contact("a")?.leadStatus).toBe("won");
  });

  test("a rule shows its effect at once, and a refusal takes both back", async () => {
    const server = new FakeServer({ new: ["a"], talking: [], closed: [] }, [closedWins]);
    const { board, channel } = await openBoard(server);
    channel.next = [{ refuse: "No" }];
    board.change("a", { stageId: "closed" });
    expect(board.contact("a")).toMatchObject({ stageId: "closed", leadStatus: "won" });
    await wait();
    expect(board.contact("a")).toMatchObject({ stageId: "new", leadStatus: "open" });
  });

  test("setting what is already there sends nothing", async () => {
    const server = small();
    const { board, channel } = await openBoard(server);
    board.change("a", { status: "open" });
    board.change("b", { stageId: "new", after: "a", before: "c" });
    expect(channel.sent).toEqual([]);
    expect(board.live.waiting).toBe(0);
  });

  test("temporary refusals are tried again with the same mutation id and never block another card", async () => {
    const server = small();
    const { board, ids, channel } = await openBoard(server);
    channel.next = ["busy", "answer", "busy"];
    board.change("a", { stageId: "closed" });
    board.change("b", { stageId: "closed" });
    await wait();
    expect(server.ids("closed")).toEqual(["b"]);
    expect(ids("closed")).toEqual(["a", "b"]);
    await wait(5_000);
    expect([...server.ids("closed")].sort()).toEqual(["a", "b"]);
    expect(
      new Set(channel.sent.filter(({ contactId }) => contactId === "a").map((one) => one.mutationId)).size,
    ).toBe(1);
  });

  test("rivals 11: an answer that was lost is asked for again, and the change is made once", async () => {
    const server = small();
    const { board, channel } = await openBoard(server);
    channel.next = ["commit, then lose the answer"];
    board.change("a", { note: "called" });
    await wait(2_000);
    expect(channel.sent).toHaveLength(2);
    expect(server.log).toHaveLength(1);
    expect(board.live.waiting).toBe(0);
  });

  test("offline: ten changes wait, are counted, and are made in order after the network is back", async () => {
    const server = new FakeServer({ new: numbered("n", 10), talking: [], closed: ["z"] });
    const { board, ids, channel } = await openBoard(server);
    channel.disconnect();
    for (const id of numbered("n", 10)) board.change(id, { stageId: "talking" });
    server.commit("z", { stageId: "new" });
    expect(board.live).toMatchObject({ status: "offline", waiting: 10 });
    expect(board.waiting("n00004")).toBe(1);
    channel.connect();
    await wait();
    expect(board.live).toMatchObject({ status: "live", waiting: 0 });
    expect(server.ids("talking")).toEqual(numbered("n", 10).reverse());
    for (const stage of ["new", "talking", "closed"]) expect(ids(stage)).toEqual(server.ids(stage));
  });

  test("offline: what waits survives a reload of the page", async () => {
    const server = small();
    const first = await openBoard(server);
    first.channel.disconnect();
    first.board.change("a", { stageId: "closed" });
    first.board.change("b", { stageId: "closed", after: "a", before: null });
    first.board.close();
    const second = await openBoard(server, first.storage);
    expect(second.ids("closed")).toEqual(["a", "b"]);
    await wait();
    expect(server.ids("closed")).toEqual(["a", "b"]);
    expect(first.storage.entries.size).toBe(0);
  });
});

describe("columns that are loaded in part", () => {
  test("rivals 39: counts are true whatever is loaded", async () => {
    const server = new FakeServer({ new: numbered("n", 3_568), talking: [], closed: [] });
    const { board, ids, count } = await openBoard(server);
    expect(ids("new")).toHaveLength(40);
    expect(count("new")).toBe(3_568);
    server.commit("n03000", { stageId: "talking" });
    await wait();
    expect(count("new")).toBe(3_567);
    expect(ids("talking")).toEqual(["n03000"]);
    expect(board.totals.get("talking")).toEqual({ count: 1, value: 10 });
  });

  test("a burst of unknown contacts that move into view is one request", async () => {
    const server = new FakeServer({ new: numbered("n", 300), talking: [], closed: [] });
    const { ids } = await openBoard(server);
    for (const id of numbered("n", 300).slice(100, 200)) server.commit(id, { stageId: "talking" });
    await wait();
    expect(server.requests.filter((path) => path.startsWith("contacts"))).toHaveLength(1);
    expect(ids("talking")).toEqual(server.ids("talking"));
  });

  test("an unknown contact that is dragged up into view appears in its place", async () => {
    const server = new FakeServer({ new: numbered("n", 300), talking: [], closed: [] });
    const { ids } = await openBoard(server);
    server.commit("n00250", { after: "n00004", before: "n00005" });
    await wait();
    expect(ids("new")!.slice(0, 8)).toEqual(server.ids("new").slice(0, 8));
  });

  test("rivals 38: pages never show a contact twice or miss one while others move", async () => {
    const server = new FakeServer({ new: numbered("n", 700), talking: [], closed: [] });
    const { board, ids } = await openBoard(server);
    let open = () => {};
    server.readGate = new Promise((resolve) => (open = resolve));
    const loading = board.reach(board.columns[0]!, 200);
    await wait();
    // Everything that can happen between a page being read and its arrival.
    server.commit("n00045", { stageId: "talking" });
    server.commit("n00600", { after: "n00050", before: "n00051" });
    server.commit("n00010", { after: "n00060", before: "n00061" });
    server.commit("n00070", { after: null, before: "n00000" });
    server.commit("n00130", { displayName: "Kim" });
    server.readGate = undefined;
    open();
    await loading;
    await wait(100);
    const shown = ids("new")!;
    expect(new Set(shown).size).toBe(shown.length);
    expect(shown).toEqual(server.ids("new").slice(0, shown.length));
    expect(board.contact("n00130")?.displayName).toBe("Kim");
  });

  test("10,000 loaded contacts: a move by someone else costs far less than a frame", async () => {
    const server = new FakeServer({ new: numbered("n", 10_000), talking: [], closed: [] });
    const { board, ids } = await openBoard(server);
    await board.reach(board.columns[0]!, 9_999);
    expect(ids("new")).toHaveLength(10_000);
    vi.useRealTimers();
    const channel = [...server.channels][0]!;
    const deliver = channel.deliver.bind(channel);
    let spent = 0;
    channel.deliver = (events) => {
      const start = performance.now();
      deliver(events);
      spent += performance.now() - start;
    };
    const list = numbered("n", 10_000);
    for (let index = 0; index < 50; index++) server.commit(list[index * 190]!, { stageId: "talking" });
    expect(ids("talking")).toHaveLength(50);
    expect(spent / 50).toBeLessThan(4);
  });
});

test("a contact that is open elsewhere is held and kept live, wherever it stands", async () => {
  const server = new FakeServer({ new: numbered("n", 300), talking: [], closed: [] });
  const { board, channel } = await openBoard(server);
  expect(board.contact("n00299")).toBeUndefined();
  await board.open("n00299");
  server.commit("n00299", { displayName: "Kim" });
  expect(board.contact("n00299")?.displayName).toBe("Kim");
  board.presence.lookAt("n00299");
  expect(channel.presence.at(-1)).toBe("n00299");
  await expect(board.open("nobody")).rejects.toMatchObject({ code: "not_found" });
});

test("the board opens by itself as soon as the server can be reached", async () => {
  const server = small();
  const loadBoard = server.loadBoard.bind(server);
  server.loadBoard = () => Promise.reject(new Error("down"));
  const { board, ids } = await openBoard(server);
  expect(board.problem).toBeTruthy();
  server.loadBoard = loadBoard;
  await wait(4_000);
  expect(board.problem).toBeUndefined();
  expect(ids("new")).toEqual(["a", "b", "c"]);
  expect(board.live.status).toBe("live");
});
