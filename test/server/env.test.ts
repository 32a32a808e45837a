import { readEnv } from "@dmtracker/server/platform/env.ts";
import { expect, test } from "vitest";

test("[OP1] without any setting the product runs on its built-in database with the demo", () => {
  expect(readEnv({})).toMatchObject({ port: 3000, host: "127.0.0.1", dataDir: "./data", demo: true });
  expect(readEnv({ PORT: "", DEMO: "0", PUBLIC_URL: "https://sales.example/" })).toMatchObject({
    port: 3000,
    demo: false,
    publicUrl: "https://sales.example",
  });
});

test("[OP1] with MongoDB there is no demo unless it is asked for", () => {
  const variables = { MONGODB_URL: "mongodb://db/x?replicaSet=rs0", AUTH_SECRET: "s".repeat(32) };
  expect(readEnv(variables).demo).toBe(false);
  expect(readEnv({ ...variables, DEMO: "1" }).demo).toBe(true);
});

test.each([
  [{ PORT: "abc" }, "PORT: must be a number"],
  [{ PORT: "70000" }, "PORT: must be 0 to 65535"],
  [{ MONGODB_URL: "http://db" }, "MONGODB_URL: must start with mongodb:// or mongodb+srv://"],
  [{ MONGODB_URL: "mongodb://db" }, "AUTH_SECRET: is required with MONGODB_URL"],
  [{ AUTH_SECRET: "short" }, "AUTH_SECRET: must have at least 32 characters"],
  [{ REDIS_URL: "localhost" }, "REDIS_URL: must start with redis:// or rediss://"],
  [{ DEMO: "yes" }, "DEMO: must be 0 or 1"],
  [{ LOG_LEVEL: "loud" }, "LOG_LEVEL: must be one of: fatal, error, warn"],
])("[OP1] a wrong setting is named: %o", (variables, message) => {
  expect(() => readEnv(variables)).toThrow(message);
});
