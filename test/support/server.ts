import { connectMongo, disconnectMongo } from "@dmtracker/server/platform/mongo.ts";
import { readEnv } from "@dmtracker/server/platform/env.ts";
import { startApplication, type Application, type ApplicationOptions } from "@dmtracker/server/app.ts";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import type { Role } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { findPipelines } from "@dmtracker/server/pipeline/pipeline.store.ts";
import { insertToken } from "@dmtracker/server/tokens/token.store.ts";
import type { AuthContext } from "better-auth";
import { testUtils } from "better-auth/plugins";
import mongoose from "mongoose";
import { randomUUID } from "node:crypto";
import { afterAll } from "vitest";

export const PASSWORD = "correct horse battery";

export type TestPerson = { id: string; name: string; email: string; cookie: string };

export type TestOrganization = {
  id: string;
  pipeline: Pipeline;
  owner: TestPerson;
  admin: TestPerson;
  member: TestPerson;
  token: string;
};

export type TestServer = Application & {
  anOrganization(): Promise<TestOrganization>;
  /** One more process on the same database. */
  aSecondNode(otherwise?: NodeOptions): Promise<Application>;
};

/** Environment variables, and what else a test may want to be otherwise. */
export type NodeOptions = Partial<ApplicationOptions> & { variables?: Record<string, string> };

/** A whole test file comes from one address and does in seconds what people do in hours. */
const ROOMY = Object.fromEntries(
  ["SIGN_IN", "OPEN", "STRANGER", "MAIL", "PERSON", "TOKEN", "MESSAGES", "HANDSHAKE"].map((name) => [
    `LIMIT_${name}`,
    "1000000/60",
  ]),
);

let made = 0;

function startNode({ variables, ...options }: NodeOptions): Promise<Application> {
  return startApplication({
    env: { ...readEnv({ ...ROOMY, ...variables }), port: 0, logLevel: process.env.LOG_LEVEL ?? "fatal" },
    authSecret: "a secret that is only good for tests, nothing else",
    heartbeatMs: 200,
    // Tests let them run themselves.
    timedRulesEveryMs: 2_000_000_000,
    ...options,
  });
}

/** Connects to the built-in database in memory, or to a database of its own at MONGODB_URL. */
async function connectFresh(): Promise<() => Promise<void>> {
  const given = process.env.MONGODB_URL;
  if (given) {
    await connectMongo(given.replace(/^(mongodb[^/]*:\/\/[^/?]+)\/?[^?]*/, `$1/test-${randomUUID()}`));
    return async () => {
      await mongoose.connection.dropDatabase();
      await disconnectMongo();
    };
  }
  const embedded = await startEmbeddedMongo({});
  await connectMongo(embedded.url);
  return async () => {
    await disconnectMongo();
    await embedded.stop();
  };
}

/** The whole server on a free port. Call it at the top of a test file; it cleans up after the file. */
export async function startServer(options: NodeOptions = {}): Promise<TestServer> {
  const leaveDatabase = await connectFresh();
  const application = await startNode(options);
  const nodes = [application];
  afterAll(async () => {
    for (const node of nodes) await node.stop();
    await leaveDatabase();
  });
  return {
    ...application,
    anOrganization: () => makeOrganization(application),
    async aSecondNode(otherwise = options) {
      const node = await startNode(otherwise);
      nodes.push(node);
      return node;
    },
  };
}

/** Hashing takes its time on purpose: the password of all is hashed once for a file. */
let hash: Promise<string> | undefined;

/** Somebody with an account, and a session as signing in makes it; the way through the door has tests of its own. */
async function makePerson({ context }: Application, name: string): Promise<TestPerson> {
  made += 1;
  const auth = await context.auth.$context;
  const email = `${name.toLowerCase()}.${made}.${Date.now()}@example.com`;
  const user = await auth.internalAdapter.createUser({ name, email }, { method: "email-password" });
  hash ??= auth.password.hash(PASSWORD);
  await auth.internalAdapter.linkAccount({
    userId: user.id,
    accountId: user.id,
    providerId: "credential",
    password: await hash,
  });
  // Its own type knows no options; it only uses what every context has.
  const { test } = testUtils().init(auth as unknown as AuthContext).context;
  const { headers } = await test.login({ userId: user.id });
  return { id: user.id, name, email, cookie: headers.get("cookie") ?? "" };
}

async function makeOrganization(application: Application): Promise<TestOrganization> {
  const { context } = application;
  made += 1;
  const slug = `org-${made}-${Date.now()}`;
  const [owner, admin, member] = [
    await makePerson(application, "Ana"),
    await makePerson(application, "Bob"),
    await makePerson(application, "Cem"),
  ];
  const organization = await context.auth.api.createOrganization({
    body: { name: slug, slug, userId: owner.id },
  });
  const join = (userId: string, role: Role) =>
    context.auth.api.addMember({ body: { userId, organizationId: organization.id, role } });
  await join(admin.id, "admin");
  await join(member.id, "member");
  const [pipeline] = await findPipelines(organization.id);
  if (!pipeline) throw new Error("a new organization has no pipeline");
  const { secret } = await insertToken(organization.id, "n8n", context.now());
  return { id: organization.id, pipeline, owner, admin, member, token: secret };
}
