import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { launchProduct } from "./launch-product.ts";

declare module "vitest" {
  interface ProvidedContext {
    demo: { dataDir: string; email: string; password: string; token: string };
  }
}

/** Making the demo takes seconds of both cores: once for all journeys, of which each starts from a copy. */
export default async function makeDemo(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-demo-"));
  const product = await launchProduct(dataDir, { DEMO: "1" });
  await product.stop();
  const { email = "", password = "", token = "" } = product;
  project.provide("demo", { dataDir, email, password, token });
  return () => rm(dataDir, { recursive: true, force: true });
}
