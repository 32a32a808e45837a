import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { changeFor } from "../../web/src/lib/board/board-drag.svelte.ts";
import { Board } from "../../web/src/lib/state/board.svelte.ts";
import { FakeChannel, FakeServer, ME, memoryStorage } from "./fake-server.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ANSWERS = ["hold", "hold", "answer", "busy", "never", "commit, then lose the answer"] as const;

/** A card from here, between two cards there; its answer; then so many answers arrive. */
const aDrop = fc.record({
  from: fc.nat(2),
  card: fc.nat(99),
  to: fc.nat(2),
  gap: fc.nat(99),
  answer: fc.constantFrom(...ANSWERS),
  answers: fc.nat(2),
  ms: fc.constantFrom(0, 0, 1, 400),
});

test("[RK7] [RT6] a card stays where it was dropped, between the cards that stood there: no answer moves anything", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aDrop, { minLength: 1, maxLength: 14 }), async (drops) => {
      const server = new FakeServer({ new: ["a", "b", "c", "d"], talking: ["e", "f", "g"], closed: ["h"] });
      const channel = new FakeChannel(server);
      const storage = memoryStorage();
      const board = new Board({ pipelineId: "pipeline", session: ME, channel, source: server, storage });
      channel.connect();
      await vi.advanceTimersByTimeAsync(0);
      const shown = () => board.columns.map(({ contacts }) => contacts.map(({ id }) => id));
      /** What a hand would see: the lists, with each card taken out and put into its gap. */
      const wanted = shown();
      for (const { from, card, to, gap, answer, answers, ms } of drops) {
        const id = wanted[from]?.[card % Math.max(1, wanted[from].length)];
        const target = board.columns[to];
        if (id === undefined || !target) continue;
        const at = gap % (target.contacts.length + 1);
        const change = changeFor(target.contacts, { stageId: target.stageId, gap: at }, board.contact(id)!);
        const before = wanted[to]?.slice(0, at).filter((other) => other !== id) ?? [];
        const behind = wanted[to]?.slice(at).filter((other) => other !== id) ?? [];
        for (const list of wanted) if (list.includes(id)) list.splice(list.indexOf(id), 1);
        wanted[to] = [...before, id, ...behind];
        channel.next.push(answer);
        if (change) board.change(id, change);
        expect(shown()).toEqual(wanted);
        for (let count = 0; count < answers; count++) channel.release();
        await vi.advanceTimersByTimeAsync(ms);
        expect(shown()).toEqual(wanted);
      }
      for (let round = 0; board.live.waiting > 0 && round < 100; round++) {
        while (channel.held.length > 0) channel.release();
        await vi.advanceTimersByTimeAsync(1_000);
        expect(shown()).toEqual(wanted);
      }
      expect(server.pipeline.stages.map(({ id }) => server.ids(id))).toEqual(wanted);
      expect(board.live.waiting).toBe(0);
      board.close();
    }),
    { numRuns: 200 },
  );
});
