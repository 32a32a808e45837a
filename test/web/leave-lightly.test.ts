import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { leaveLightly } from "../../web/src/lib/shell/leave-lightly.ts";

/** An event that a page hears before its window does. */
class Heard extends Event {
  isStopped = false;
  override stopPropagation(): void {
    this.isStopped = true;
  }
}

let page: EventTarget & { hidden: boolean };
let window: EventTarget;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  page = Object.assign(new EventTarget(), { hidden: false });
  window = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
  stop = leaveLightly();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function hide(): boolean {
  page.hidden = true;
  const event = new Heard("visibilitychange");
  page.dispatchEvent(event);
  page.hidden = false;
  return event.isStopped;
}
const leave = () => window.dispatchEvent(new Event("beforeunload"));

test("[PG2] a page that is left notes its scrolling once, one that is only hidden does so too", () => {
  expect(hide()).toBe(false);
  leave();
  expect(hide()).toBe(true);
});

test("[PG2] whoever was asked whether to leave, and stayed, finds the page as it was", () => {
  leave();
  const shown = new Heard("visibilitychange");
  page.dispatchEvent(shown);
  expect(shown.isStopped).toBe(false);
  vi.advanceTimersByTime(1_001);
  expect(hide()).toBe(false);
});

test("[PG2] after its end it touches nothing", () => {
  stop();
  leave();
  expect(hide()).toBe(false);
});
