import { expect, test } from "vitest";
import { runFuzz } from "./fuzz.ts";

test("damaged, senseless and greedy messages leave the process alive and the documents of others whole", async () => {
  const result = await runFuzz({ seconds: 8, seed: 3 });
  expect(result.faults).toEqual([]);
  expect(result.answers).toBeGreaterThan(50);
});
