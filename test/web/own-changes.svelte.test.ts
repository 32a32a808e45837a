import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { expect, test } from "vitest";
import { refusedTitle } from "../../web/src/lib/state/board-news.ts";
import { FakeServer } from "./fake-server.ts";
import { numbered, openBoard, small, useBoards, wait } from "./open-board.ts";

useBoards();

const closedWins: Rule = {
  id: "rule",
  type: "stage_to_status",
  stageId: "closed",
  status: "won",
  enabled: true,
};

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
  expect(refused).toMatchObject([
    {
      contactId: "b",
      username: "b",
      message: "Only admins may close",
      mutationId: channel.sent[0]?.mutationId,
    },
  ]);
  expect(refused.map(refusedTitle)).toEqual(["@b was not changed"]);
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

test("[RT6] what waits in a page that is closed is sent by another page of the same person", async () => {
  const server = small();
  const { channel, board, storage } = await openBoard(server);
  const other = await openBoard(server, storage);
  for (const { channel: line } of [{ channel }, other]) line.disconnect();
  board.change("a", { stageId: "talking" });
  board.close();
  other.board.change("b", { stageId: "talking", after: "a", before: "d" });
  other.channel.connect();
  await wait(1_000);
  expect(server.ids("talking")).toEqual(["a", "b", "d", "e"]);
  expect(other.ids("talking")).toEqual(server.ids("talking"));
  expect(other.board.live.waiting).toBe(0);
  expect(storage.entries.size).toBe(0);
});

test("[RT6] what a page took over is not sent once the page that it came from has taken it back", async () => {
  const server = small();
  const { channel, board, storage } = await openBoard(server);
  const other = await openBoard(server, storage);
  for (const { channel: line } of [{ channel }, other]) line.disconnect();
  board.change("a", { stageId: "talking" });
  const [mutationId = ""] = storage.entries.keys();
  other.channel.next = ["busy"];
  other.channel.connect();
  await wait(10);
  expect(other.channel.sent).toHaveLength(1);
  expect(other.ids("talking")).toContain("a");
  board.undo(mutationId, "a");
  await wait(10_000);
  expect(other.channel.sent).toHaveLength(1);
  expect(server.log).toEqual([]);
  expect(other.ids("talking")).toEqual(server.ids("talking"));
  expect(other.board.live.waiting).toBe(0);
});
