import { expect, test, vi } from "vitest";
import { BoardDrag } from "../../web/src/lib/board/board-drag.svelte.ts";
import type { FakeServer } from "./fake-server.ts";
import { openBoard, small, useBoards, wait } from "./open-board.ts";

useBoards();

async function openDrag(server: FakeServer) {
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
  const { board, ids } = await openBoard(server);
  const nobody: ReadonlySet<string> = new Set();
  const drag = new BoardDrag(
    board,
    () => nobody,
    (contactId, change) => board.change(contactId, change),
  );
  const drop = async () => {
    drag.drop();
    await wait();
  };
  return { drag, ids, drop };
}

test("[RK6] whoever lifts and drops without aiming moves nothing, whatever others do meanwhile", async () => {
  const server = small();
  const { drag, ids, drop } = await openDrag(server);
  drag.lift("b", "keyboard");
  server.commit("d", { stageId: "new" });
  expect(drag.target).toEqual({ stageId: "new", gap: 2 });
  await drop();
  expect(server.ids("new")).toEqual(["d", "a", "b", "c"]);
  drag.lift("b", "keyboard");
  server.commit("b", { stageId: "closed" });
  expect(drag.target).toEqual({ stageId: "closed", gap: 0 });
  await drop();
  expect(server.ids("closed")).toEqual(["b"]);
  drag.lift("b", "keyboard");
  server.commit("b", { removed: true });
  expect(drag.target).toBeUndefined();
  await drop();
  expect(ids("closed")).toEqual([]);
});

test("[RK6] a place that the keyboard aims at stays below the same card while others move", async () => {
  const server = small();
  const { drag, ids, drop } = await openDrag(server);
  drag.lift("e", "keyboard");
  drag.aim({ stageId: "new", gap: 2 });
  server.commit("d", { stageId: "new" });
  expect(drag.target).toEqual({ stageId: "new", gap: 3 });
  await drop();
  expect(server.ids("new")).toEqual(["d", "a", "b", "e", "c"]);
  expect(ids("new")).toEqual(server.ids("new"));
  // The card above it is gone: the place counts. The top is the top.
  drag.lift("a", "keyboard");
  drag.aim({ stageId: "new", gap: 4 });
  server.commit("e", { stageId: "talking" });
  expect(drag.target).toEqual({ stageId: "new", gap: 4 });
  drag.aim({ stageId: "new", gap: 0 });
  server.commit("e", { stageId: "new" });
  await drop();
  expect(server.ids("new")).toEqual(["a", "e", "d", "b", "c"]);
});
