import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
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
import { readEnv, type Env } from "./platform/env.ts";
import { connectMongo, disconnectMongo } from "./platform/mongo.ts";

const PAGES = join(import.meta.dirname, "../web/build/handler.js");
const STOP_LIMIT_MS = 10_000;

/** The secret that signs sessions: configured, or made once and kept with the data. */
async function loadAuthSecret({ authSecret, dataDir }: Env): Promise<string> {
  if (authSecret) return authSecret;
  const file = join(dataDir, "auth-secret");
  if (existsSync(file)) return (await readFile(file, "utf8")).trim();
  const made = randomBytes(32).toString("base64url");
  await writeFile(file, `${made}\n`, { mode: 0o600, flag: "wx" });
  return made;
}

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
  const pages = await loadPages();
  const application = await startApplication({
    env,
    authSecret: await loadAuthSecret(env),
    ...(pages ? { pages } : {}),
  });

  const stop = async (): Promise<void> => {
    // Whatever hangs must not keep a stopping machine waiting.
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    await application.stop();
    await disconnectMongo();
    await embedded?.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());

  const demo = env.demo && (await isDemoDue()) ? await makeDemo(application.context) : undefined;
  if (env.resetLinkFor) console.error(await describeResetLink(application.context, env.resetLinkFor));
  console.log(`url: ${application.url}`);
  if (demo) {
    console.log(`email: ${demo.email}`);
    console.log(`password: ${demo.password}`);
    console.log(`token: ${demo.token}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `DmTracker could not start. ${error.message}` : error);
  process.exit(1);
});
