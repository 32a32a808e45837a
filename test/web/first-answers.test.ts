import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Carried = { textContent: string; remove(): void };

let carried: Carried | undefined;

/** A page of which as much is there as the module looks at. */
function aPage(answers: Record<string, unknown> | undefined, readyState = "complete") {
  carried = answers && { textContent: JSON.stringify(answers), remove: () => (carried = undefined) };
  const listeners: (() => void)[] = [];
  const page = {
    readyState,
    getElementById: (id: string) => (id === "first-answers" ? (carried ?? null) : null),
    addEventListener: (name: string, listener: () => void) =>
      name === "DOMContentLoaded" && listeners.push(listener),
  };
  vi.stubGlobal("document", page);
  return { arrive: () => listeners.forEach((listener) => listener()) };
}

const load = async () => (await import("../../web/src/lib/api/first-answers.ts")).takeFirstAnswer;

beforeEach(() => vi.spyOn(performance, "now").mockReturnValue(300));
afterEach(() => {
  vi.resetModules();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("[PG1] what the page carries is given once, and nothing of it is left in the page", async () => {
  aPage({ "/me": { role: "owner" }, "/pipelines": { pipelines: [] } });
  const take = await load();
  expect(await take("/me")).toEqual({ role: "owner" });
  expect(carried).toBeUndefined();
  expect(await take("/me")).toBeUndefined();
  expect(await take("/tokens")).toBeUndefined();
  expect(await take("/pipelines")).toEqual({ pipelines: [] });
});

test("[PG1] a script that is quicker than its page waits for the rest of it", async () => {
  const page = aPage({ "/me": 1 }, "loading");
  const take = await load();
  const taking = take("/me");
  const whileReading = await Promise.race([
    taking,
    new Promise((resolve) => setTimeout(resolve, 0, "not yet")),
  ]);
  expect(whileReading).toBe("not yet");
  page.arrive();
  expect(await taking).toBe(1);
});

test("[PG1] what was not asked for while the page started is old news", async () => {
  aPage({ "/me": 1, "/pipelines": 2 });
  const take = await load();
  expect(await take("/me")).toBe(1);
  vi.spyOn(performance, "now").mockReturnValue(5_001);
  expect(await take("/pipelines")).toBeUndefined();
});

test("[PG1] a page without them, and a server that renders, have nothing to give", async () => {
  aPage(undefined);
  const take = await load();
  expect(await take("/me")).toBeUndefined();
  vi.unstubAllGlobals();
  vi.resetModules();
  expect(await (await load())("/me")).toBeUndefined();
});
