import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage, STAGES } from "./fake-server.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A small repeatable generator, so that a failure names its seed. */
function dice(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (count: number) => Math.floor(next() * count);
  return { below, pick: <T>(things: readonly T[]) => things[below(things.length)] as T };
}

const STATUSES = ["open", "won", "lost", "abandoned"] as const;

async function play(seed: number): Promise<void> {
  const { below, pick } = dice(seed);
  const ids = Array.from({ length: 260 }, (_, index) => `c${String(index).padStart(3, "0")}`);
  const closedWins = {
    id: "r1",
    type: "stage_to_status",
    stageId: "closed",
    status: "won",
    enabled: true,
  } as const;
  const server = new FakeServer(
    { new: ids.slice(0, 200), talking: ids.slice(200, 250), closed: ids.slice(250) },
    [closedWins],
  );
  server.maxCatchUp = 25;
  const channel = new FakeChannel(server);
  const storage = memoryStorage();
  const board = new Board({ pipelineId: "pipeline", session: ME, channel, source: server, storage });
  channel.connect();
  await vi.advanceTimersByTimeAsync(0);

  const aChange = () => {
    const id = pick(ids);
    const stage = pick(STAGES).id;
    const shown = server.ids(stage).filter((other) => other !== id);
    const at = below(Math.min(shown.length, 60) + 1);
    const change = pick([
      { stageId: stage, after: shown[at - 1] ?? null, before: shown[at] ?? null },
      { stageId: stage },
      { status: pick(STATUSES) },
      { displayName: `name ${below(9)}` },
      { value: below(50) },
    ]);
    return { id, change };
  };
  const acts: (() => void)[] = [
    () => {
      const { id, change } = aChange();
      server.commit(id, change);
    },
    () => {
      const { id, change } = aChange();
      board.change(id, change);
    },
    () => {
      const { id, change } = aChange();
      channel.next.push(
        pick(["hold", "busy", "never", "commit, then lose the answer", { refuse: "No" }] as const),
      );
      board.change(id, change);
    },
    () => channel.release(),
    () => (channel.losing = !channel.losing),
    () => channel.heartbeat(),
    () => (channel.connected ? channel.disconnect() : channel.connect()),
    () => below(4) === 0 && server.rerank(pick(STAGES).id),
    () => void board.reach(pick(board.columns), below(180)),
  ];
  const likely = [0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 6, 7, 8];
  for (let step = 0; step < 120; step++) {
    acts[pick(likely)]?.();
    await vi.advanceTimersByTimeAsync(pick([0, 0, 0, 5, 50, 400]));
  }

  // Everything passes: the network comes back and all answers arrive.
  channel.losing = false;
  if (!channel.connected) channel.connect();
  for (let second = 0; second < 60; second++) {
    while (channel.held.length > 0) channel.release();
    channel.heartbeat();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(board.live, `seed ${seed}`).toMatchObject({ status: "live", waiting: 0, behind: 0 });
  expect(storage.entries.size, `seed ${seed}`).toBe(0);
  for (const column of board.columns) {
    const whole = server.list(column.stageId);
    const shown = column.contacts.map(({ id }) => id);
    expect(shown, `seed ${seed}, ${column.stageId}`).toEqual(
      whole.slice(0, shown.length).map(({ id }) => id),
    );
    if (column.complete) expect(shown).toHaveLength(whole.length);
    for (const contact of column.contacts) {
      expect(contact, `seed ${seed}`).toEqual(server.contacts.get(contact.id));
    }
    const value = whole.reduce((sum, contact) => sum + (contact.value ?? 0), 0);
    expect(board.totals.get(column.stageId), `seed ${seed}`).toEqual({ count: whole.length, value });
  }
  board.close();
}

test(
  "whatever happens on the way, in the end the board shows what the server holds",
  { timeout: 60_000 },
  async () => {
    for (let seed = 1; seed <= 60; seed++) await play(seed);
    // New ranks between asking for a page and reading it left a hole.
    await play(218);
  },
);
