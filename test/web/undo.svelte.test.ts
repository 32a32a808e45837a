import { flushSync } from "svelte";
import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { afterEach, expect, test, vi } from "vitest";
import type { OwnChange, Undoing } from "../../web/src/lib/state/board-news.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { BulkActions, type BulkEnd } from "../../web/src/lib/state/bulk-actions.svelte.ts";
import { UndoStack } from "../../web/src/lib/undo/undo-stack.ts";
import { bulkDetail, bulkTitle, titleOf } from "../../web/src/lib/undo/undo-words.ts";
import { ANA, FakeChannel, FakeServer, ME, memoryStorage, STAGES } from "./fake-server.ts";

const boards: Board[] = [];
afterEach(() => {
  for (const board of boards.splice(0)) board.close();
});

async function open(columns: Record<string, string[]> = { new: ["a", "b", "c"], talking: [], closed: [] }) {
  const server = new FakeServer(columns);
  const channel = new FakeChannel(server);
  const storage = memoryStorage();
  const board = new Board({ pipelineId: "pipeline", session: ME, channel, source: server, storage });
  boards.push(board);
  const changes: OwnChange[] = [];
  board.onChanged((change) => changes.push(change));
  channel.connect();
  await vi.waitFor(() => expect(board.pipeline && channel.joined).toBe(true));
  const ids = (stageId: string) => {
    flushSync();
    return board.columns.find((column) => column.stageId === stageId)?.contacts.map(({ id }) => id);
  };
  return { server, channel, storage, board, changes, ids };
}

test("[UN1] an undo brings the card back to its place, and the change before it can be undone next", async () => {
  const { board, changes, ids } = await open();
  board.change("b", { stageId: "talking" });
  board.change("b", { status: "won" });
  await vi.waitFor(() => expect(board.waiting("b")).toBe(0));
  const [moved, won] = changes;
  board.undo(won?.mutationId ?? "", "b");
  await vi.waitFor(() => expect(board.contact("b")?.leadStatus).toBe("open"));
  expect(ids("talking")).toEqual(["b"]);
  board.undo(moved?.mutationId ?? "", "b");
  await vi.waitFor(() => expect(ids("new")).toEqual(["a", "b", "c"]));
});

test("[UN7] a change that has not left the page is dropped: nobody ever hears of it", async () => {
  const { board, channel, storage, changes, ids, server } = await open();
  channel.disconnect();
  board.change("b", { stageId: "talking" });
  expect(ids("talking")).toEqual(["b"]);
  board.undo(changes[0]?.mutationId ?? "", "b");
  expect(ids("new")).toEqual(["a", "b", "c"]);
  expect(storage.entries.size).toBe(0);
  channel.connect();
  await vi.waitFor(() => expect(channel.joined).toBe(true));
  expect(channel.sent).toEqual([]);
  expect(server.log).toEqual([]);
});

test("[UN7] an undo without a network waits, outlives the page and is sent after its change", async () => {
  const { board, channel, storage, changes, ids } = await open();
  board.change("b", { stageId: "talking" });
  await vi.waitFor(() => expect(board.waiting("b")).toBe(0));
  channel.disconnect();
  board.undo(changes[0]?.mutationId ?? "", "b");
  expect(board.waiting("b")).toBe(1);
  expect([...storage.entries.values()]).toMatchObject([{ undoes: changes[0]?.mutationId, change: {} }]);
  channel.connect();
  await vi.waitFor(() => expect(ids("new")).toEqual(["a", "b", "c"]));
  expect(board.waiting("b")).toBe(0);
});

test("[UN7] a change whose answer was lost is not dropped: it may have happened", async () => {
  const { board, channel, changes, ids, server } = await open();
  channel.next = ["commit, then lose the answer"];
  board.change("b", { stageId: "talking" });
  await vi.waitFor(() => expect(channel.sent).toHaveLength(1));
  await vi.waitFor(() => expect(server.log).not.toEqual([]));
  board.undo(changes[0]?.mutationId ?? "", "b");
  await vi.waitFor(() => expect(channel.undos).toHaveLength(1), { timeout: 5_000 });
  await vi.waitFor(() => expect(ids("new")).toEqual(["a", "b", "c"]));
});

test("[UN2] what somebody has changed since is told", async () => {
  const { board, server, changes } = await open();
  const told: Undoing[] = [];
  board.onUndone((undoing) => told.push(undoing));
  board.change("b", { status: "won" });
  await vi.waitFor(() => expect(board.waiting("b")).toBe(0));
  server.commit("b", { status: "abandoned" }, ANA);
  board.undo(changes[0]?.mutationId ?? "", "b");
  await vi.waitFor(() => expect(told).toMatchObject([{ changed: 0, problems: [{ contactId: "b" }] }]));
  expect(told[0]?.problems[0]?.message).toBe("Ana has changed the lead status since");
  expect(board.contact("b")?.leadStatus).toBe("abandoned");
});

test("[UN7] the stack goes back one change at a time, as far as the server does", () => {
  const stack = new UndoStack();
  const entry = (mutationId: string, at: number) => ({ mutationId, contactId: "a", title: mutationId, at });
  stack.push(entry("old", 0));
  stack.push(entry("first", 10 * 60_000));
  stack.push(entry("second", 11 * 60_000));
  stack.push(entry("third", 12 * 60_000));
  const now = 16 * 60_000;
  expect(stack.take(now, "second")?.mutationId).toBe("second");
  expect(stack.take(now)?.mutationId).toBe("third");
  expect(stack.take(now)?.mutationId).toBe("first");
  expect(stack.take(now)).toBeUndefined();
});

test("a toast says what was done in plain words", async () => {
  const { board, changes } = await open();
  board.change("b", { stageId: "talking" });
  const names = { stages: STAGES, members: [], tags: [] };
  expect(titleOf(changes[0]?.events ?? [], names)).toBe("Moved @b from new to talking");
});

function aBulk(part: Partial<BulkAction> = {}): BulkAction {
  return {
    id: "bulk-1",
    pipelineId: "pipeline",
    kind: "change",
    actor: { type: "user", id: ME.user.id, name: "Me" },
    title: "Marked as Abandoned",
    state: "running",
    total: 2_000,
    done: 0,
    changed: 0,
    refused: 0,
    problems: [],
    reason: null,
    seq: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: null,
    ...part,
  };
}

test("[BK4] a long bulk action shows how far it is, and its end is told once, with what was refused", async () => {
  const channel = new FakeChannel(new FakeServer({ new: [], talking: [], closed: [] }));
  const bulks = new BulkActions(channel, ME.user.id, () => Promise.resolve([]));
  const ends: BulkEnd[] = [];
  bulks.onEnd((end) => ends.push(end));
  channel.connect();
  channel.bulkReplies = [{ ok: true, bulk: aBulk() }];
  expect(await bulks.start("pipeline", { filter: {} }, { status: "abandoned" })).toBe(true);
  channel.tellBulk(aBulk({ done: 500 }));
  expect(bulks.running).toMatchObject([{ done: 500 }]);
  const problems = [{ contactId: "a", username: "kim", message: "No such stage" }];
  const end = aBulk({ state: "done", done: 2_000, changed: 1_998, refused: 2, problems });
  channel.tellBulk(end);
  channel.tellBulk(end);
  expect(bulks.running).toEqual([]);
  expect(ends).toMatchObject([{ bulk: { changed: 1_998 } }]);
  expect(bulkTitle(end)).toBe("Marked as Abandoned: 1,998 contacts");
  expect(bulkDetail(end)).toBe("@kim: No such stage, and 1 contact more");
  bulks.close();
});

test("[BK5] a page that opens while one's action runs shows it; offline nothing begins and that is said", async () => {
  const channel = new FakeChannel(new FakeServer({ new: [], talking: [], closed: [] }));
  const foreign = aBulk({ id: "bulk-2", actor: ANA });
  const bulks = new BulkActions(channel, ME.user.id, () => Promise.resolve([aBulk({ done: 750 }), foreign]));
  const ends: BulkEnd[] = [];
  bulks.onEnd((end) => ends.push(end));
  expect(await bulks.start("pipeline", { contactIds: ["a"] }, { status: "won" })).toBe(false);
  expect(ends).toEqual([
    { problem: expect.stringContaining("Nothing was changed") as string, isUnsure: false },
  ]);
  channel.connect();
  await vi.waitFor(() => expect(bulks.running).toMatchObject([{ id: "bulk-1", done: 750 }]));
  bulks.close();
});

test("[BK5] where the answer was lost nothing is claimed: it may have been done", async () => {
  const channel = new FakeChannel(new FakeServer({ new: [], talking: [], closed: [] }));
  const bulks = new BulkActions(channel, ME.user.id, () => Promise.resolve([]));
  const ends: BulkEnd[] = [];
  bulks.onEnd((end) => ends.push(end));
  channel.connect();
  channel.changeMany = () => Promise.reject(new Error("the connection was cut"));
  expect(await bulks.start("pipeline", { contactIds: ["a"] }, { status: "won" })).toBe(false);
  await bulks.cancel("bulk-1");
  const unsure = { problem: expect.stringContaining("may have been done") as string, isUnsure: true };
  expect(ends).toEqual([unsure, unsure]);
  bulks.close();
});
