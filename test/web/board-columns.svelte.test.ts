import { expect, test, vi } from "vitest";
import { FakeServer } from "./fake-server.ts";
import { numbered, openBoard, useBoards, wait } from "./open-board.ts";

useBoards();

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
