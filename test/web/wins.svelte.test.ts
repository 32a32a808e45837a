import { WINS_SHOWN } from "@dmtracker/shared/contracts/limits.ts";
import type { Win, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../web/src/lib/api/client.ts";
import type { ChannelListener } from "../../web/src/lib/realtime/board-channel.ts";
import { keyOf, Wins } from "../../web/src/lib/state/wins.svelte.ts";

const NONE = { count: 0, value: 0 };
const SINCE = "2026-11-01T00:00:00.000Z";

const aWin = (seq: number, at = "2026-11-20T10:00:00.000Z", log = 0): Win => ({
  seq,
  log,
  pipeline: null,
  at,
  contactId: null,
  username: `contact.${seq}`,
  value: 100,
  fromStage: null,
  by: { type: "user", name: "Ana" },
  rule: null,
  creditedTo: "Ana",
});

const aBoard = (seq: number, wins: Win[]): WinsBoard => ({
  pipelineId: "p",
  pipeline: "Sales",
  organization: "Northwind",
  timeZone: "UTC",
  seq,
  wins: wins.toSorted((a, b) => b.seq - a.seq).slice(0, WINS_SHOWN),
  today: NONE,
  week: NONE,
  month: NONE,
  leaderboard: { today: [], week: [], month: [] },
  since: SINCE,
  midnight: "2026-11-21T00:00:00.000Z",
});

let wins: Wins;
let heard: number[];
let listener: Partial<ChannelListener>;
let answer: () => Promise<WinsBoard>;
const channel = {
  connected: true,
  listen(wanted: Partial<ChannelListener>) {
    listener = wanted;
    return () => (listener = {});
  },
};

const shown = () => wins.rows.map(({ win, withdrawn }) => (withdrawn ? -win.seq : win.seq));
const hint = async (seq: number): Promise<void> => {
  listener.wins?.({ pipelineId: "p", seq });
  await vi.advanceTimersByTimeAsync(0);
};
const tell = (board: WinsBoard): void => {
  answer = () => Promise.resolve(board);
};

beforeEach(async () => {
  vi.useFakeTimers();
  channel.connected = true;
  tell(aBoard(10, [aWin(3), aWin(7)]));
  wins = new Wins(channel, () => answer());
  heard = [];
  wins.onWin(({ seq }) => heard.push(seq));
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  wins.close();
  vi.useRealTimers();
});

test("[WN7] what was there before is shown and not announced, what comes is announced once and in order", async () => {
  expect(shown()).toEqual([7, 3]);
  expect(heard).toEqual([]);
  expect(wins.live.status).toBe("live");
  tell(aBoard(14, [aWin(3), aWin(7), aWin(12), aWin(14)]));
  await hint(14);
  await hint(14);
  await hint(13);
  listener.connected?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard).toEqual([12, 14]);
  expect(shown()).toEqual([14, 12, 7, 3]);
});

test("[WN7] hints that come while an answer is awaited are answered by one question more", async () => {
  let asked = 0;
  let release = (): void => undefined;
  answer = () => {
    asked += 1;
    const board = aBoard(10 + asked, [aWin(3), aWin(10 + asked)]);
    return new Promise((resolve) => (release = () => resolve(board)));
  };
  for (const seq of [11, 12, 13, 14]) await hint(seq);
  release();
  await vi.advanceTimersByTimeAsync(0);
  release();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toBe(2);
  expect(heard).toEqual([11, 12]);
});

test("[WN2] a reversed win is crossed out where it stands, then leaves; won again it is a new one", async () => {
  tell(aBoard(11, [aWin(7)]));
  await hint(11);
  expect(shown()).toEqual([7, -3]);
  tell(aBoard(12, [aWin(7), aWin(12)]));
  await hint(12);
  expect(shown()).toEqual([12, 7, -3]);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(shown()).toEqual([12, 7]);
  expect(heard).toEqual([12]);
});

test("[WN4] what a new month no longer tells was not reversed: it leaves without a word", async () => {
  tell({ ...aBoard(10, []), since: "2026-12-01T00:00:00.000Z" });
  await vi.advanceTimersByTimeAsync(15_000);
  expect(wins.rows).toEqual([]);
});

test("[WN7] what was missed for long is shown without a ceremony, and the screen never grows", async () => {
  listener.disconnected?.();
  expect(wins.live.status).toBe("offline");
  const many = Array.from({ length: 500 }, (_, index) => aWin(20 + index));
  tell(aBoard(600, many));
  listener.connected?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual([]);
  expect(wins.rows).toHaveLength(WINS_SHOWN);
  expect(wins.rows.every(({ withdrawn }) => !withdrawn)).toBe(true);
  expect(wins.live.status).toBe("live");
});

test("[WN7] without an answer the screen keeps what it had and says that it is behind", async () => {
  answer = () => Promise.reject(new ApiError("network", "The server cannot be reached"));
  await hint(11);
  expect(shown()).toEqual([7, 3]);
  expect(wins.live.status).toBe("offline");
  tell(aBoard(11, [aWin(3), aWin(7), aWin(11)]));
  await vi.advanceTimersByTimeAsync(15_000);
  expect(heard).toEqual([11]);
  expect(wins.live.status).toBe("live");
});

test("[WN6] a link that is revoked says so and asks no more, told live or met on the way", async () => {
  let asked = 0;
  answer = () => {
    asked += 1;
    return Promise.reject(new ApiError("unauthenticated", "This TV link was revoked"));
  };
  await hint(11);
  expect(wins.revoked).toBe("This TV link was revoked");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toBe(1);
});

test("[WN8] wins of two pipelines with the same number are two, each announced once, in the order of the clock", async () => {
  const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, "0")}:00.000Z`;
  const all = (seq: number, rows: Win[]): WinsBoard => ({
    ...aBoard(seq, []),
    pipelineId: null,
    pipeline: null,
    wins: rows.toSorted((a, b) => b.at.localeCompare(a.at)),
  });
  wins.close();
  tell(all(30, [aWin(7, at(1), 0), aWin(7, at(2), 1)]));
  wins = new Wins(channel, () => answer());
  const told: string[] = [];
  wins.onWin((win) => told.push(keyOf(win)));
  await vi.advanceTimersByTimeAsync(0);
  const keys = () => wins.rows.map(({ win, withdrawn }) => `${withdrawn ? "-" : ""}${keyOf(win)}`);
  expect(keys()).toEqual(["1.7", "0.7"]);
  // A hint of any pipeline is news, whatever its number.
  tell(all(32, [aWin(7, at(1), 0), aWin(7, at(2), 1), aWin(9, at(3), 0), aWin(8, at(4), 1)]));
  await hint(8);
  expect(keys()).toEqual(["1.8", "0.9", "1.7", "0.7"]);
  expect(told).toEqual(["0.9", "1.8"]);
  tell(all(33, [aWin(7, at(1), 0), aWin(7, at(2), 1), aWin(8, at(4), 1)]));
  await hint(10);
  expect(keys()).toEqual(["1.8", "-0.9", "1.7", "0.7"]);
  expect(told).toEqual(["0.9", "1.8"]);
});

test("[WN7] a week of wins, reversals and cuts leaves a screen as large as it was", async () => {
  const WEEK_S = 7 * 24 * 3_600;
  const timers = vi.getTimerCount();
  let standing: Win[] = [];
  let seq = 100;
  const sizes: number[] = [];
  for (let second = 0; second < WEEK_S; second += 600) {
    seq += 1;
    standing = [...standing, aWin(seq)].slice(-200);
    // Every seventh is taken back soon, every hundredth hint finds nobody at home.
    if (seq % 7 === 0) standing = standing.filter((win) => win.seq !== seq - 3);
    if (seq % 100 === 0) listener.disconnected?.();
    if (seq % 100 === 5) listener.connected?.();
    tell(aBoard(seq, standing));
    await hint(seq);
    await vi.advanceTimersByTimeAsync(600_000);
    sizes.push(wins.rows.length);
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(WINS_SHOWN);
  expect(vi.getTimerCount()).toBe(timers);
  // Each was told once: what was there at the start is not, nor what came while nobody listened.
  expect(new Set(heard).size).toBe(heard.length);
});
