import { expect, test } from "vitest";
import { runIsolation } from "./isolation.ts";

test.each([1, 2, 3])(
  "overlapping transactions see and leave what a model of snapshots says, seed %i",
  async (seed) => {
    const result = await runIsolation({ checks: 3000, seed });
    expect(result.mismatches).toEqual([]);
    expect(result.commits).toBeGreaterThan(20);
    expect(result.conflicts).toBeGreaterThan(20);
  },
);
