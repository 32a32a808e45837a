import { expect, test } from "vitest";
import { FakeServer } from "./fake-server.ts";
import { numbered, openBoard, small, useBoards, wait } from "./open-board.ts";

useBoards();

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

test("a board that is closed while it waits for its first answer asks no more", async () => {
  const server = small();
  const answer = Promise.withResolvers<never>();
  let asked = 0;
  server.loadBoard = () => {
    asked += 1;
    return answer.promise;
  };
  const { board } = await openBoard(server);
  board.close();
  answer.reject(new Error("down"));
  await wait(10_000);
  expect(asked).toBe(1);
  expect(board.problem).toBeUndefined();
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
