import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FieldConflicts, valueWords } from "../../web/src/lib/contact/field-conflicts.svelte.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

let board: Board;
let server: FakeServer;
let channel: FakeChannel;
const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const AT = "2026-01-01T00:00:00.000Z";

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer({ new: ["a", "b"], talking: ["d"], closed: [] });
  channel = new FakeChannel(server);
  const storage = memoryStorage();
  board = new Board({ pipelineId: "pipeline", session: ME, channel, source: server, storage });
  channel.connect();
  await wait();
});
afterEach(() => {
  board.close();
  vi.useRealTimers();
});

/** One's own change on its way while somebody else's of the same field is committed. */
async function collide(mine: ContactChange, theirs: ContactChange, field: string) {
  channel.disconnect();
  board.change("a", mine);
  server.commit("a", theirs);
  channel.next = [{ conflict: { field, theirs: null, by: "Marcus", at: AT } }];
  channel.connect();
  await wait();
  return new FieldConflicts(board, "a", { events: [] });
}

test("[CC8] after an offline period yours, theirs and the original stand beside each other", async () => {
  const conflicts = await collide({ email: "mine@x.example" }, { email: "theirs@x.example" }, "email");
  expect(conflicts.of("email")).toEqual({
    field: "email",
    yours: "mine@x.example",
    theirs: "theirs@x.example",
    original: "empty",
    by: "Marcus",
    at: AT,
  });
  expect(board.contact("a")?.email).toBe("theirs@x.example");
  expect(conflicts.of("phone")).toBeUndefined();
});

test("[CC8] keeping theirs changes nothing and ends the conflict", async () => {
  const conflicts = await collide({ status: "lost", lostReason: "price" }, { status: "won" }, "status");
  expect(conflicts.of("status")).toMatchObject({ yours: "Lost", theirs: "Won", original: "Open" });
  const sent = channel.sent.length;
  conflicts.keepTheirs("status");
  await wait();
  expect(conflicts.any).toBe(false);
  expect(board.refusal("a")).toBeUndefined();
  expect(channel.sent).toHaveLength(sent);
  expect(board.contact("a")?.leadStatus).toBe("won");
});

test("[CC8] taking mine sends the whole wish again, over what is known now", async () => {
  const conflicts = await collide({ assigneeId: "user-1" }, { assigneeId: "user-2" }, "assigneeId");
  conflicts.takeMine("assigneeId");
  await wait();
  expect(conflicts.any).toBe(false);
  expect(channel.sent.at(-1)).toMatchObject({ assigneeId: "user-1", version: 2 });
  expect(board.contact("a")?.assigneeId).toBe("user-1");
});

test("[CC8] a new change of the field settles it, one of another field does not", async () => {
  const conflicts = await collide({ stageId: "talking" }, { stageId: "closed" }, "stageId");
  board.change("a", { phone: "+49 170" });
  expect(conflicts.of("stageId")).toBeDefined();
  board.change("a", { stageId: "new" });
  expect(conflicts.of("stageId")).toBeUndefined();
});

test("[CC8] every field has its words", () => {
  expect(valueWords("assigneeId", null, board)).toBe("Nobody");
  expect(valueWords("value", 1500, board)).toBe("1,500");
  expect(valueWords("parked", { until: "2026-03-02T00:00:00Z", reason: null }, board)).toBe(
    "until Mon 2 Mar",
  );
  expect(valueWords("followUp", { act: "snooze", until: "2026-03-02T09:00:00Z" }, board)).toBe("Mon 2 Mar");
  expect(valueWords("stageId", "nowhere", board)).toBe("a deleted stage");
});
