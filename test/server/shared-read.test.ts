import { sharedRead } from "@dmtracker/server/platform/shared-read.ts";
import { expect, test } from "vitest";

test("[TN5] callers at the same time share a read, and nobody gets what was read before they asked", async () => {
  let reads = 0;
  let open = Promise.withResolvers<void>();
  const find = sharedRead(async (key: string) => {
    const answer = `${key}${(reads += 1)}`;
    await open.promise;
    return answer;
  });
  const first = find("a");
  const later = [find("a"), find("a")];
  const elsewhere = find("b");
  open.resolve();
  expect(await first).toBe("a1");
  expect(await elsewhere).toBe("b2");
  expect(await Promise.all(later)).toEqual(["a3", "a3"]);

  open = Promise.withResolvers();
  const failing = find("a");
  const behind = find("a");
  open.reject(new Error("no database"));
  await expect(failing).rejects.toThrow("no database");
  await expect(behind).rejects.toThrow("no database");
  open = Promise.withResolvers();
  open.resolve();
  expect(await find("a")).toBe("a6");
});
