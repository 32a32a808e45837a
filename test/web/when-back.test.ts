import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whenServerReturns } from "../../web/src/lib/shell/server-returns.ts";
import { whenBack } from "../../web/src/lib/shell/when-back.ts";
import { LiveState } from "../../web/src/lib/state/live-state.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("[RT15] what did not load is asked for again when the connection is back, and only then", () => {
  const live = new LiveState();
  const retry = vi.fn();
  const attached = whenBack(() => ({ live }), retry);
  // On a page, Svelte looks anew whenever the state of the connection changes.
  const look = (): number => {
    attached(undefined as unknown as Element);
    return retry.mock.calls.length;
  };
  live.confirm();
  // It failed on a living connection: a person tries again.
  expect(look()).toBe(0);
  live.lose();
  expect(look()).toBe(0);
  live.doubt();
  expect(look()).toBe(0);
  live.confirm();
  expect([look(), look()]).toEqual([1, 1]);
  live.stop();
});

test("[RT15] a page that could not be had comes when the server answers: asked every few seconds, at once with the network", async () => {
  let online = (): void => undefined;
  vi.stubGlobal("addEventListener", (_name: string, listener: () => void) => (online = listener));
  vi.stubGlobal("removeEventListener", () => (online = () => undefined));
  const isThere = vi.fn(() => Promise.resolve(false));
  const run = vi.fn();
  whenServerReturns(run, isThere);
  await vi.advanceTimersByTimeAsync(9_000);
  expect([isThere.mock.calls.length, run.mock.calls.length]).toEqual([2, 0]);
  isThere.mockResolvedValue(true);
  online();
  await vi.advanceTimersByTimeAsync(0);
  expect(run).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([isThere.mock.calls.length, run.mock.calls.length]).toEqual([3, 1]);

  const stop = whenServerReturns(run, isThere);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(run).toHaveBeenCalledTimes(1);
});
