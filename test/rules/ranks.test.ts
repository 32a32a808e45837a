import { compareRanked, placeInOrder, rankBetween, ranksBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

test("[RK1] any sequence of insertions keeps every card exactly where it was put", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 120 }), (places) => {
      const list: { id: string; rank: string }[] = [];
      const expected: string[] = [];
      for (const [index, place] of places.entries()) {
        const at = place % (list.length + 1);
        const rank = rankBetween(list[at - 1]?.rank ?? null, list[at]?.rank ?? null);
        list.splice(at, 0, { id: String(index), rank });
        expected.splice(at, 0, String(index));
      }
      expect([...list].sort(compareRanked).map(({ id }) => id)).toEqual(expected);
      expect(new Set(list.map(({ rank }) => rank)).size).toBe(list.length);
    }),
  );
});

test("[RK1] no bounds, however odd, make it throw, and the result is below the upper neighbour", () => {
  const bound = fc.option(fc.string({ minLength: 1, maxLength: 8 }), { nil: null });
  fc.assert(
    fc.property(bound, bound, (above, below) => {
      const rank = rankBetween(above, below);
      if (above !== null) expect(rank > above).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("[RK3] new ranks for a run are ascending, short and between the bounds", () => {
  let long = "a0";
  for (let step = 0; step < 600; step += 1) long = rankBetween(long, "a1");
  expect(long.length).toBeGreaterThan(64);
  const fresh = ranksBetween("a0", "a5", 200);
  expect(fresh).toEqual([...fresh].sort());
  expect(fresh.every((rank) => rank > "a0" && rank < "a5" && rank.length < 8)).toBe(true);
});

test("[RK2] rivals 27: equal ranks still have one order, by id", () => {
  const twins = [
    { id: "b", rank: "a0" },
    { id: "a", rank: "a0" },
  ];
  expect(twins.sort(compareRanked).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(placeInOrder(twins, { id: "b", rank: "a0" })).toBe(1);
});
