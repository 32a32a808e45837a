import { afterEach, beforeEach, vi } from "vitest";
import type { Move, RefusedChange } from "../../web/src/lib/state/board-news.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

let boards: Board[] = [];

/** For test files about a board: time stands still but for `wait`, and every board is closed in the end. */
export function useBoards(): void {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const board of boards) board.close();
    boards = [];
    vi.useRealTimers();
  });
}

export const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

export const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, "0")}`);

export const small = () => new FakeServer({ new: ["a", "b", "c"], talking: ["d", "e"], closed: [] });

export async function openBoard(server: FakeServer, storage = memoryStorage()) {
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
