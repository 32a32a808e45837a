import { afterEach, expect, test, vi } from "vitest";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import type { BulkEnd } from "../../web/src/lib/state/bulk-actions.svelte.ts";
import { OwnToasts, type OwnToast } from "../../web/src/lib/undo/own-toasts.ts";
import { ANA, FakeChannel, FakeServer, ME, memoryStorage, STAGES } from "./fake-server.ts";

const boards: Board[] = [];
afterEach(() => {
  for (const board of boards.splice(0)) board.close();
});

/** A board with what is said of one's own changes on it, the newest last; nothing when it was taken away. */
async function open() {
  const server = new FakeServer({ new: ["a", "b", "c"], talking: [], closed: [] });
  const channel = new FakeChannel(server);
  const board = new Board({
    pipelineId: "pipeline",
    session: ME,
    channel,
    source: server,
    storage: memoryStorage(),
  });
  boards.push(board);
  const said: (OwnToast | undefined)[] = [];
  const toasts = new OwnToasts({
    show: (toast) => said.push(toast),
    dismiss: () => said.push(undefined),
    undo: ({ mutationId, contactId }) => board.undo(mutationId, contactId ?? ""),
  });
  board.onChanged((change) => toasts.noteChange(change, { stages: STAGES, members: [], tags: [] }));
  board.onUndone((undoing) => toasts.noteUndone(undoing));
  board.onRefused((refused) => toasts.noteRefused(refused));
  channel.connect();
  await vi.waitFor(() => expect(board.pipeline && channel.joined).toBe(true));
  const settled = () => vi.waitFor(() => expect(board.live.waiting).toBe(0));
  return { server, channel, board, toasts, said, settled };
}

test("[UN7] one's own change is said in plain words, with its Undo, and the undo says what it takes back", async () => {
  const { board, toasts, said, settled } = await open();
  board.change("b", { stageId: "talking" });
  board.change("c", { status: "lost", lostReason: "Too expensive" });
  await settled();
  expect(said).toMatchObject([
    { kind: "message", title: "Moved @b from new to talking", undo: expect.any(Function) as unknown },
    { kind: "message", title: "Changed @c from Open to Lost, reason: Too expensive" },
  ]);
  said[0]?.undo?.();
  expect(said.at(-1)).toEqual({ kind: "message", title: "Undone: Moved @b from new to talking" });
  await vi.waitFor(() => expect(board.contact("b")?.stageId).toBe("new"));
  toasts.undo();
  expect(said.at(-1)?.title).toBe("Undone: Changed @c from Open to Lost, reason: Too expensive");
  toasts.undo();
  expect(said.at(-1)).toEqual({ kind: "message", title: "There is nothing to undo" });
});

test("[UN2] [UN7] an undo that could not be done, or only in part, says so and why", async () => {
  const { server, board, toasts, said, settled } = await open();
  board.change("b", { status: "abandoned" });
  await settled();
  server.commit("b", { status: "lost" }, ANA);
  toasts.undo();
  await vi.waitFor(() => expect(said.at(-1)?.kind).toBe("warning"));
  expect(said.at(-1)).toMatchObject({
    title: "Not undone",
    description: "@b: Ana has changed the lead status since",
  });
  toasts.noteUndone({
    mutationId: "m",
    changed: 1,
    problems: [{ contactId: "b", username: "b", message: "The tag VIP is gone" }],
  });
  expect(said.at(-1)).toMatchObject({ title: "Undone in part", description: "@b: The tag VIP is gone" });
});

test("[RT6] [UN7] a refused change is not said to have happened, and what came before it can still be undone", async () => {
  const { channel, board, toasts, said, settled } = await open();
  board.change("b", { stageId: "talking" });
  await settled();
  channel.next = [{ refuse: "Only admins may close" }];
  board.change("b", { stageId: "closed" });
  expect(said.at(-1)?.title).toBe("Moved @b from talking to closed");
  await settled();
  expect(said.at(-1)).toBeUndefined();
  // One that the page itself refuses was never sent.
  board.change("b", { lostReason: "No need" });
  toasts.undo();
  expect(said.at(-1)?.title).toBe("Undone: Moved @b from new to talking");
  await vi.waitFor(() => expect(board.contact("b")?.stageId).toBe("new"));
});

test("[UN7] a refused undo is not said to be done", async () => {
  const { channel, board, toasts, said, settled } = await open();
  board.change("b", { stageId: "talking" });
  await settled();
  channel.undo = () =>
    Promise.resolve({ ok: false, code: "forbidden", message: "You may not undo this", issues: [] });
  toasts.undo();
  await settled();
  expect(said.slice(-2)).toEqual([
    { kind: "message", title: "Undone: Moved @b from new to talking" },
    undefined,
  ]);
});

test("[BK2] [BK6] the end of a bulk action says how many, what was left alone, and offers Undo when something changed", async () => {
  const { toasts, said } = await open();
  const end = (bulk: object) =>
    toasts.noteEnd({ mutationId: "m", bulk: { kind: "change", title: "Marked as Won", ...bulk } } as BulkEnd);
  const problems = [{ contactId: "a", username: "kim", message: "No such stage" }];
  end({ state: "done", changed: 37, refused: 2, problems });
  end({ state: "cancelled", changed: 1, refused: 0, problems: [] });
  end({ state: "done", changed: 0, refused: 1, problems });
  toasts.noteEnd({ problem: "Nothing was changed: the network is away" });
  toasts.noteEnd({ problem: "It may have been done", isUnsure: true });
  expect(said.map((toast) => [toast?.title, toast?.description, toast?.undo !== undefined])).toEqual([
    ["Marked as Won: 37 contacts", "@kim: No such stage, and 1 contact more", true],
    ["Marked as Won: cancelled after 1 contact", undefined, true],
    ["Marked as Won: 0 contacts", "@kim: No such stage", false],
    ["Not done", "Nothing was changed: the network is away", false],
    ["No answer", "It may have been done", false],
  ]);
});
