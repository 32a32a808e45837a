import { DESCRIPTIONS } from "@dmtracker/server/api-reference/openapi-document.ts";
import type { accountsRoutes } from "@dmtracker/server/accounts/accounts.routes.ts";
import {
  AUTH_ENDPOINTS,
  ENDPOINTS,
  MESSAGES,
  type Access,
  type Endpoint,
} from "@dmtracker/shared/contracts/doors.ts";
import { may, RIGHTS, type Asker, type Right } from "@dmtracker/shared/contracts/rights.ts";
import type { Router } from "express";
import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { io } from "socket.io-client";
import { expect, onTestFinished, test } from "vitest";
import { aWorld, methodOf, realCall, type InReal } from "../support/api-world.ts";
import { call, type CallOptions } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer({
  variables: { WEBHOOK_ALLOW_PRIVATE: "1" },
  webhooksEveryMs: 2_000_000_000,
});
const SERVER = join(import.meta.dirname, "../../server");

type Layer = { route?: { path: string; stack: { method: string }[] } };
type RoutesOf = typeof accountsRoutes;

/** What Express has really registered, of every `*.routes.ts` that there is. */
async function registeredEndpoints(): Promise<string[]> {
  const found: string[] = [];
  for (const file of globSync("**/*.routes.ts", { cwd: SERVER })) {
    const module = (await import(pathToFileURL(join(SERVER, file)).href)) as Record<string, RoutesOf>;
    const make = Object.entries(module).find(([name]) => name.endsWith("Routes"))?.[1];
    if (!make) throw new Error(`${file} exports no …Routes`);
    const router = make(server.context) as Router & { stack: Layer[] };
    for (const { route } of router.stack) {
      for (const { method } of route?.stack ?? []) found.push(`${method.toUpperCase()} ${route?.path}`);
    }
  }
  return [...new Set(found)].sort();
}

/** An id that nothing has. */
const ABSENT = "f".repeat(24);

const toPath = (endpoint: string): { method: string; path: string } => {
  const [method = "", path = ""] = endpoint.split(" ");
  return { method, path: path.replace(/:\w+/g, ABSENT) };
};

/** Refused for who asks, whatever is asked for. A call that gets further fails on its empty body or absent id. */
const isTurnedAway = (status: number): boolean => status === 401 || status === 403;

const knock = async (endpoint: string, options: CallOptions): Promise<{ status: number; code?: string }> => {
  const { method, path } = toPath(endpoint);
  const body = method === "GET" ? {} : { body: {} };
  const { status, body: answer } = await call(server.url, method, path, { ...body, ...options });
  return answer.code ? { status, code: answer.code } : { status };
};

/** Doors that end what the next call needs: they get organizations of their own. */
const ENDS = new Set(["POST /organization/leave", "DELETE /account/sessions"]);

const askers = (organization: TestOrganization): Record<Asker, CallOptions> => ({
  owner: { cookie: organization.owner.cookie },
  admin: { cookie: organization.admin.cookie },
  member: { cookie: organization.member.cookie },
  token: { token: organization.token },
});

test("[RI1] every endpoint that Express knows is in the table of doors, and the table knows no other", async () => {
  expect(await registeredEndpoints()).toEqual(Object.keys(ENDPOINTS).sort());
});

test("[RI1] every message that a socket listens to is in the table of doors, and the table knows no other", async () => {
  const organization = await server.anOrganization();
  const socket = io(server.url, {
    transports: ["websocket"],
    extraHeaders: { cookie: organization.owner.cookie },
  });
  onTestFinished(() => void socket.disconnect());
  await new Promise((resolve) => socket.once("connect", () => resolve(undefined)));
  const live = [...server.io.sockets.sockets.values()].find(
    ({ data }) => data.userId === organization.owner.id,
  );
  const heard = live?.eventNames().filter((name) => name !== "disconnect" && name !== "error") ?? [];
  // Nothing listens beside the one that looks into the table, and everything in the table is carried out.
  expect(heard).toEqual([]);
  for (const message of Object.keys(MESSAGES)) {
    const reply: unknown = await socket.timeout(5_000).emitWithAck(message, { nothing: "of that kind" });
    expect(reply, message).toMatchObject({ ok: false, code: "invalid" });
  }
  const answer: unknown = await socket.timeout(5_000).emitWithAck("organization:delete", {});
  expect(answer).toMatchObject({ ok: false, code: "not_found" });
});

test.each(Object.entries(ENDPOINTS).filter(([endpoint]) => !ENDS.has(endpoint)))(
  "[RI2] [TN1] %s is for %s: no session, other organization, member, admin, owner, token, revoked token",
  async (endpoint, access: Access) => {
    const { organization, revoked } = await theOrganization();
    const nobody = await knock(endpoint, {});
    expect(await knock(endpoint, { token: revoked })).toEqual(
      access === "open" || access === "person" ? nobody : { status: 401, code: "unauthenticated" },
    );
    if (access === "open") return expect(nobody.code).not.toBe("forbidden");
    expect(nobody).toEqual({ status: 401, code: "unauthenticated" });
    for (const [asker, options] of Object.entries(askers(organization)) as [Asker, CallOptions][]) {
      const { status, code } = await knock(endpoint, options);
      const allowed = access === "person" ? asker !== "token" : may(asker, access);
      if (access === "person" && asker === "token") expect(status, asker).toBe(401);
      else if (allowed) expect([asker, isTurnedAway(status), status >= 500]).toEqual([asker, false, false]);
      else expect([asker, status, code]).toEqual([asker, 403, "forbidden"]);
    }
  },
);

let made: Promise<{ organization: TestOrganization; revoked: string }> | undefined;

/** One organization for the whole table, and a token that was revoked. */
function theOrganization() {
  made ??= (async () => {
    const organization = await server.anOrganization();
    const { insertToken, revokeToken } = await import("@dmtracker/server/tokens/token.store.ts");
    const { token, secret } = await insertToken(organization.id, "old", new Date());
    await revokeToken(organization.id, token.id, new Date());
    return { organization, revoked: secret };
  })();
  return made;
}

test("[TN1] every endpoint with an id answers for another organization's thing as for none", async () => {
  const [mine, theirs] = [await server.anOrganization(), await server.anOrganization()];
  const inTheirs = await aWorld(server.url, theirs);
  const absent = (text: string) => Promise.resolve(text.replace(/[0-9a-f]{24}/g, ABSENT));
  const withIds = (Object.keys(ENDPOINTS) as Endpoint[]).filter((endpoint) => endpoint.includes("/:"));
  for (const endpoint of withIds) {
    const method = methodOf(endpoint);
    const ask = async (real: InReal) => {
      // With the body of its example, so that it is the id that decides.
      const { path, body } = await realCall(endpoint, real, DESCRIPTIONS[endpoint]?.example?.body);
      const options = { cookie: mine.owner.cookie, ...(body === undefined ? {} : { body }) };
      const answer = await call(server.url, method, path, options);
      return { status: answer.status, body: answer.body };
    };
    const foreign = await ask(inTheirs);
    expect([endpoint, foreign]).toEqual([endpoint, await ask(absent)]);
    expect([endpoint, foreign.status]).not.toEqual([endpoint, 200]);
  }
}, 120_000);

test("[RI3] nothing of better-auth is reachable but signing in and out", async () => {
  const organization = await server.anOrganization();
  const paths = Object.values(server.context.auth.api)
    .map((endpoint) => (endpoint as { path?: string }).path)
    .filter((path) => path !== undefined);
  const open = new Set<string>(AUTH_ENDPOINTS.map((endpoint) => endpoint.split(" ")[1] ?? ""));
  for (const path of paths.filter((name) => !open.has(name))) {
    for (const method of ["GET", "POST"]) {
      const response = await fetch(`${server.url}/api/auth${path}`, {
        method,
        headers: {
          cookie: organization.owner.cookie,
          origin: server.url,
          "content-type": "application/json",
        },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      expect([path, method, response.status]).toEqual([path, method, 404]);
    }
  }
});

test("[RI2] the table of rights is the one that was promised", () => {
  const roles = ["owner", "admin", "member"] as const;
  const who = (right: Right) => roles.filter((role) => may(role, right)).join(" ");
  const promised: Partial<Record<Right, string>> = {
    "contacts:read": "owner admin member",
    "contacts:write": "owner admin member",
    "pipeline:configure": "owner admin",
    "members:manage": "owner admin",
    "tokens:manage": "owner admin",
    "webhooks:manage": "owner admin",
    "changes:reverse": "owner admin",
    "organization:configure": "owner admin",
    "ownership:transfer": "owner",
    "organization:delete": "owner",
  };
  for (const [right, roles] of Object.entries(promised)) expect(who(right as Right)).toBe(roles);
  const byToken = Object.keys(RIGHTS).filter((right) => may("token", right as Right));
  expect(byToken).toEqual(["contacts:read", "contacts:write", "organization:read"]);
});
