import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, inject } from "vitest";
import { launchProduct, type ProductProcess } from "./launch-product.ts";

// A worker that is told to end runs no handler of "exit" by itself, and what it has started would go on for ever.
process.once("SIGTERM", () => process.exit(143));

export async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-test-"));
  afterAll(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** The real product for as long as the test file runs. */
export async function startProduct(
  dataDir: string,
  variables: Record<string, string> = {},
): Promise<ProductProcess> {
  const product = await launchProduct(dataDir, variables);
  afterAll(() => product.kill());
  return product;
}

/** The same with a demo organization, a copy of the one that was made for the whole run. */
export async function startDemo(variables: Record<string, string> = {}): Promise<ProductProcess> {
  const { dataDir, ...login } = inject("demo");
  const copy = await makeDataDir();
  await cp(dataDir, copy, { recursive: true });
  return { ...(await startProduct(copy, variables)), ...login };
}
