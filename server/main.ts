import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RequestHandler } from "express";
import { makeResetLink } from "./accounts/make-reset-link.ts";
import type { AppContext } from "./app-context.ts";
import { startApplication } from "./app.ts";
import { prepareContacts } from "./contacts/prepare-contacts.ts";
import { isDemoDue, makeDemo } from "./demo/make-demo.ts";
import { startEmbeddedMongo } from "./embedded-mongo/start.ts";
import { findUserByEmail } from "./organizations/member.store.ts";
import { onceAskedToStop } from "./platform/asked-to-stop.ts";
import { loadAuthSecret } from "./platform/auth-secret.ts";
import { readEnv } from "./platform/env.ts";
import { createLogger } from "./platform/logger.ts";
import { connectMongo, disconnectMongo } from "./platform/mongo.ts";
import { startSharedClock } from "./platform/shared-clock.ts";

const PAGES = join(import.meta.dirname, "../web/build/handler.js");
const STOP_LIMIT_MS = 25_000;

async function loadPages(): Promise<RequestHandler | undefined> {
  if (!existsSync(PAGES)) return undefined;
  const { handler } = (await import(pathToFileURL(PAGES).href)) as { handler: RequestHandler };
  return handler;
}

async function describeResetLink(app: AppContext, email: string): Promise<string> {
  const user = await findUserByEmail(app.auth, email);
  return user ? `reset link: ${await makeResetLink(app, user.id)}` : `RESET_LINK_FOR: nobody has ${email}`;
}

async function main(): Promise<void> {
  const env = readEnv(process.env);
  if (!env.mongodbUrl) await mkdir(env.dataDir, { recursive: true });
  const embedded = env.mongodbUrl ? undefined : await startEmbeddedMongo({ dir: join(env.dataDir, "mongo") });
  await connectMongo(env.mongodbUrl ?? (embedded?.url as string));
  await prepareContacts();
  // Several processes go by one clock.
  const clock = env.mongodbUrl ? await startSharedClock(createLogger(env.logLevel)) : undefined;
  const pages = await loadPages();
  const application = await startApplication({
    env,
    authSecret: await loadAuthSecret(env),
    ...(pages ? { pages } : {}),
    ...(clock ? { now: () => clock.now() } : {}),
  });

  const stop = async (): Promise<void> => {
    // Whatever hangs must not keep a stopping machine waiting.
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    clock?.stop();
    await application.stop();
    await disconnectMongo();
    await embedded?.stop();
    process.exit(0);
  };
  onceAskedToStop(stop);

  const demo = env.demo && (await isDemoDue()) ? await makeDemo(application.context) : undefined;
  if (env.resetLinkFor) console.error(await describeResetLink(application.context, env.resetLinkFor));
  const login = demo && [`email: ${demo.email}`, `password: ${demo.password}`, `token: ${demo.token}`];
  // In one go: who reads it as it comes must not take the first line for all of it.
  console.log([`url: ${application.url}`, ...(login ?? [])].join("\n"));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `DmTracker could not start. ${error.message}` : error);
  process.exit(1);
});
