import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

let board: Board;
let channel: FakeChannel;
let server: FakeServer;

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const columns = () =>
  board.columns.map(({ stageId, contacts }) => [stageId, ...contacts.map(({ id }) => id)]);
const saveStages = (stages: Stage[]) =>
  server.publish([server.event({ type: "pipeline.stages_changed", after: { stages } })]);

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer({ new: ["a", "b", "c"], talking: ["d", "e"], closed: [] });
  channel = new FakeChannel(server);
  board = new Board({
    pipelineId: "pipeline",
    session: ME,
    channel,
    source: server,
    storage: memoryStorage(),
  });
  channel.connect();
  await wait();
});
afterEach(() => {
  board.close();
  vi.useRealTimers();
});

function deleteTalking(): void {
  const { stages } = server.pipeline;
  for (const id of ["d", "e"]) server.commit(id, { stageId: "closed" });
  saveStages(stages.filter(({ id }) => id !== "talking"));
}

test("[ST3] columns come, go, change their names and their order with the log, and cards keep their places", () => {
  const [fresh, talking, closed] = server.pipeline.stages as [Stage, Stage, Stage];
  const trial = { id: "trial", name: "Trial", colour: "#db2777" };
  saveStages([fresh, trial, talking, closed]);
  server.commit("c", { stageId: "trial" });
  saveStages([trial, { ...fresh, name: "Fresh" }, talking, closed]);
  expect(columns()).toEqual([["trial", "c"], ["new", "a", "b"], ["talking", "d", "e"], ["closed"]]);
  expect(board.pipeline?.stages[1]?.name).toBe("Fresh");
  deleteTalking();
  expect(columns()).toEqual([
    ["trial", "c"],
    ["new", "a", "b"],
    ["closed", "e", "d"],
  ]);
  expect([...board.totals].map(([id, { count }]) => `${id} ${count}`)).toEqual([
    "trial 1",
    "new 2",
    "closed 2",
  ]);
});

test("[ST3] whoever was away meanwhile sees the same stages after catching up, without loading the board anew", async () => {
  channel.disconnect();
  deleteTalking();
  channel.connect();
  await wait();
  expect(columns()).toEqual([
    ["new", "a", "b", "c"],
    ["closed", "e", "d"],
  ]);
  expect(board.pipeline?.formerStages?.map(({ id }) => id)).toEqual(["talking"]);
  expect(server.requests).toEqual(["board"]);
});

test("[ST7] a card on its way into a stage that is deleted meanwhile falls back to where it stood, with the reason", async () => {
  channel.next = ["hold"];
  board.change("a", { stageId: "talking" });
  expect(columns()).toEqual([["new", "b", "c"], ["talking", "a", "d", "e"], ["closed"]]);
  deleteTalking();
  expect(columns()).toEqual([
    ["new", "a", "b", "c"],
    ["closed", "e", "d"],
  ]);
  channel.release();
  await wait();
  expect(columns()).toEqual([
    ["new", "a", "b", "c"],
    ["closed", "e", "d"],
  ]);
  expect(board.refusal("a")).toMatch(/^No such stage\. The stages are: /);
});

test("[SE1] settings and names of the organization follow the log: the newest is read, once for a burst", async () => {
  server.directory = {
    ...server.directory,
    settings: { ...server.directory.settings, timeZone: "Asia/Tokyo" },
    tags: [{ id: "t", name: "VIP", colour: "#64748b" }],
  };
  const event = () => server.event({ type: "organization.changed" });
  server.publish([event()]);
  server.publish([event()]);
  server.publish([event()]);
  await wait();
  expect(board.settings.timeZone).toBe("Asia/Tokyo");
  expect(board.tags.map(({ name }) => name)).toEqual(["VIP"]);
  expect(server.requests.filter((request) => request === "directory")).toHaveLength(2);
});
