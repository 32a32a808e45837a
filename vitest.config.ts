import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{rules,embedded-mongo,server,faults}/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
