import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const serial = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "core",
          include: ["test/{rules,embedded-mongo,server}/**/*.test.ts"],
          // Each file waits a lot for its own server and database: two cores carry three.
          maxWorkers: availableParallelism() + 1,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // Load and kill tests use whole processes: one after the other, or they measure each other.
      { test: { name: "faults", include: ["test/faults/**/*.test.ts"], ...serial } },
      // A journey waits for its browser as much as it computes, and each has a product of its own: two at once.
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/support/make-demo.ts",
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
