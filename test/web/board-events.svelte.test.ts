import { expect, test, vi } from "vitest";
import { openBoard, small, useBoards, wait } from "./open-board.ts";

useBoards();

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

test("names that were asked for early and answered late are not laid over later ones", async () => {
  const server = small();
  const { board } = await openBoard(server);
  const name = (id: string) => ({ id, name: id, colour: "#64748b" });
  const early = { ...server.directory, tags: [name("x")] };
  let answer = () => {};
  const load = server.loadDirectory.bind(server);
  server.loadDirectory = () => new Promise((resolve) => (answer = () => resolve(early)));
  server.commit("a", { tags: { add: ["x"] } });
  server.loadDirectory = load;
  server.directory = { ...server.directory, tags: [name("x"), name("y")] };
  server.commit("b", { tags: { add: ["y"] } });
  await wait();
  answer();
  await wait();
  expect(board.tags.map(({ id }) => id)).toEqual(["x", "y"]);
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
