import type { Import, ImportCheck } from "@dmtracker/shared/contracts/imports.ts";
import { expect, test } from "vitest";
import { ContactImport, type ImportSource } from "../../web/src/lib/state/contact-import.svelte.ts";

const aFile = (more: Partial<Import> = {}): Import => ({
  id: "f".repeat(24),
  name: "leads.csv",
  created_at: "2026-11-20T10:00:00.000Z",
  encoding: "utf-8",
  delimiter: ",",
  columns: ["username", "name", "other"],
  rows: 3,
  sample: [["kim", "Kim", ""]],
  mapping: { username: 0, displayName: 1 },
  pipeline_id: null,
  run: null,
  ...more,
});

const NOTHING = { created: 0, updated: 0, unchanged: 0, refused: 0, rows: [], problems: [], new_tags: [] };
const RUN = {
  total: 3,
  reason: null,
  startedAt: "",
  finishedAt: null,
  created: 0,
  updated: 0,
  unchanged: 0,
  refused: 0,
};

function anImport(source: Partial<ImportSource>) {
  let bulk: (message: { bulk: never }) => void = () => undefined;
  const channel = {
    listen(listener: { bulk: (message: { bulk: never }) => void }) {
      bulk = listener.bulk;
      return () => undefined;
    },
  };
  const never = () => Promise.reject(new Error("not expected"));
  const all: ImportSource = {
    load: never,
    upload: never,
    check: never,
    start: never,
    undo: never,
    ...source,
  };
  const state = new ContactImport(all, channel, "p");
  return { state, tell: (message: object) => bulk({ bulk: message as never }) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("[IM4] a file is checked at once with the guessed columns, and nothing starts before the check is there", async () => {
  let answer: (check: ImportCheck) => void = () => undefined;
  const { state } = anImport({
    upload: () => Promise.resolve(aFile()),
    check: () => new Promise((resolve) => (answer = resolve)),
  });
  await state.upload(new File(["username\nkim"], "leads.csv"));
  expect(state.checking).toBe(true);
  expect(state.mayStart).toBe(false);
  answer({ ...NOTHING, created: 2, refused: 1 });
  await settled();
  expect(state.mayStart).toBe(true);
  expect(state.check).toMatchObject({ created: 2, refused: 1 });
});

test("[IM4] each field comes from one column, and only the newest check counts", async () => {
  const asked: { mapping: object; answer: (check: ImportCheck) => void; signal: AbortSignal }[] = [];
  const { state } = anImport({
    upload: () => Promise.resolve(aFile()),
    check: (_id, { mapping }, signal) =>
      new Promise((answer) => asked.push({ mapping, answer: answer, signal })),
  });
  await state.upload(new File([""], "leads.csv"));
  state.choose(2, "displayName");
  expect(state.mapping).toEqual({ username: 0, displayName: 2 });
  state.choose(2, undefined);
  expect(state.mapping).toEqual({ username: 0 });
  expect(asked.map(({ mapping }) => mapping)).toEqual([
    { username: 0, displayName: 1 },
    { username: 0, displayName: 2 },
    { username: 0 },
  ]);
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
  asked[2]?.answer({ ...NOTHING, created: 3 });
  asked[0]?.answer({ ...NOTHING, created: 1 });
  await settled();
  expect(state.check?.created).toBe(3);
  state.choose(0, undefined);
  expect([state.checking, state.check, state.mayStart]).toEqual([false, undefined, false]);
});

test("[IM7] progress is shown as it is told, and the end is read from the server", async () => {
  const running = aFile({ run: { ...RUN, state: "running", done: 0 } });
  const done = aFile({ run: { ...RUN, state: "done", done: 3, created: 2, refused: 1 } });
  let loads = 0;
  const { state, tell } = anImport({
    load: () => {
      loads += 1;
      return Promise.resolve(loads === 1 ? running : done);
    },
  });
  await state.open(running.id);
  tell({ id: "another", state: "running", done: 9 });
  tell({ id: running.id, state: "running", done: 2 });
  expect(state.run?.done).toBe(2);
  tell({ id: running.id, state: "running", done: 1 });
  expect(state.run?.done).toBe(2);
  tell({ id: running.id, state: "done", done: 3 });
  await settled();
  expect(state.run).toMatchObject({ state: "done", created: 2, refused: 1 });
});
