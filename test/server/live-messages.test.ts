import { EXAMPLE_IDS } from "@dmtracker/server/api-reference/description.ts";
import { liveProtocolPage } from "@dmtracker/server/api-reference/live-protocol-page.ts";
import { FROM_CLIENT } from "@dmtracker/server/api-reference/live-protocol.ts";
import { insertToken, revokeToken } from "@dmtracker/server/tokens/token.store.ts";
import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { MESSAGES } from "@dmtracker/shared/contracts/doors.ts";
import type { ErrorBody } from "@dmtracker/shared/contracts/errors.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import mongoose from "mongoose";
import { join } from "node:path";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { expect, onTestFinished, test } from "vitest";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

const server = await startServer();
type Name = keyof typeof MESSAGES;
const NAMES = Object.keys(MESSAGES) as Name[];
type Answered = { ok: boolean } & Partial<ErrorBody>;

function connect(options: Partial<ManagerOptions & SocketOptions>): Socket {
  const socket = io(server.url, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  onTestFinished(() => void socket.disconnect());
  return socket;
}

/** "connected", or why not. */
const knock = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", (error) => resolve(error.message));
  });

async function as({ cookie }: TestPerson): Promise<Socket> {
  const socket = connect({ extraHeaders: { cookie } });
  expect(await knock(socket)).toBe("connected");
  return socket;
}

const say = (socket: Socket, name: Name, payload: object): Promise<Answered> =>
  socket.timeout(10_000).emitWithAck(name, payload) as Promise<Answered>;

type Ids = Partial<Record<keyof typeof EXAMPLE_IDS, string>>;

/** An example with these ids; a mutation of its own each time, so that none is taken for a retry. */
let made = 0;
function exampleOf(name: Name, ids: Ids): object {
  made += 1;
  let text = JSON.stringify(FROM_CLIENT[name].example).replace(/my-change-2|my-change-3/g, `$&-${made}`);
  for (const [id, value] of Object.entries(ids)) {
    text = text.replaceAll(EXAMPLE_IDS[id as keyof typeof EXAMPLE_IDS], value);
  }
  return JSON.parse(text) as object;
}

async function aWorld(
  organization: TestOrganization,
): Promise<Required<Pick<Ids, "pipelineId" | "contactId" | "bulkId">> & Ids> {
  const { token, pipeline } = organization;
  const post = <T>(path: string, body: object) => call<T>(server.url, "POST", path, { token, body });
  const { body } = await post<{ contact_id: string }>("/organization/create-contact", {
    username: "kim.fit",
  });
  const contactId = body.data.contact_id;
  const bulk = await post<BulkAction>("/bulk-actions", { contact_ids: [contactId], value: 5 });
  return {
    pipelineId: pipeline.id,
    contactId,
    bulkId: bulk.body.data.id,
    otherStageId: pipeline.stages[1]?.id ?? "",
  };
}

test("[API14] docs/live-protocol.md is what the contracts say", async () => {
  await expect(liveProtocolPage()).toMatchFileSnapshot(
    join(import.meta.dirname, "../../docs/live-protocol.md"),
  );
});

test("[API14] every example of the live protocol works as it stands, one after the other", async () => {
  const organization = await server.anOrganization();
  const ids = await aWorld(organization);
  const socket = await as(organization.owner);
  const ofOwn = await call<BulkAction>(server.url, "POST", "/bulk-actions", {
    cookie: organization.owner.cookie,
    body: { contact_ids: [ids.contactId], value: 7 },
  });
  for (const name of NAMES) {
    expect(FROM_CLIENT[name].payload.safeParse(FROM_CLIENT[name].example).success).toBe(true);
    const reply = await say(socket, name, exampleOf(name, { ...ids, bulkId: ofOwn.body.data.id }));
    expect([name, reply]).toMatchObject([name, { ok: true }]);
    const promised = FROM_CLIENT[name].answer.split(" or ")[0]?.match(/\w+/g) ?? [];
    expect(Object.keys(reply)).toEqual(expect.arrayContaining(promised));
  }
});

test("[RI2] a socket takes a session: nobody, a token, a revoked one and a session that has ended get none", async () => {
  const organization = await server.anOrganization();
  const { token, owner, member } = organization;
  expect(await knock(connect({}))).toBe("unauthenticated");
  expect(await knock(connect({ extraHeaders: { "x-org-auth-token": token }, auth: { token } }))).toBe(
    "unauthenticated",
  );
  const { token: old, secret } = await insertToken(organization.id, "old", new Date());
  await revokeToken(organization.id, old.id, new Date());
  expect(await knock(connect({ extraHeaders: { "x-org-auth-token": secret } }))).toBe("unauthenticated");
  expect(await knock(connect({ extraHeaders: { cookie: "better-auth.session_token=nonsense" } }))).toBe(
    "unauthenticated",
  );
  await call(server.url, "DELETE", `/members/${member.id}`, { cookie: owner.cookie });
  expect(await knock(connect({ extraHeaders: { cookie: member.cookie } }))).toBe("no_organization");
  await call(server.url, "DELETE", "/account/sessions", { cookie: owner.cookie });
  expect(await knock(connect({ extraHeaders: { cookie: owner.cookie } }))).toBe("unauthenticated");
});

test.each(["owner", "admin", "member"] as const)(
  "[RI2] every message is open to %s as the table of rights says",
  async (role) => {
    const organization = await server.anOrganization();
    const ids = await aWorld(organization);
    const socket = await as(organization[role]);
    for (const name of NAMES) {
      const reply = await say(socket, name, exampleOf(name, ids));
      const isRefused = reply.code === "forbidden" || reply.code === "unauthenticated";
      expect([name, isRefused]).toEqual([name, !may(role, MESSAGES[name])]);
      expect([name, reply.code]).not.toEqual([name, "internal"]);
    }
  },
);

test("[TN1] every message answers for another organization's things as for none, and nothing of them changes or is heard", async () => {
  const [mine, theirs] = [await server.anOrganization(), await server.anOrganization()];
  const foreign = await aWorld(theirs);
  const absent = Object.fromEntries(Object.keys(foreign).map((name) => [name, "f".repeat(24)])) as Ids;
  const socket = await as(mine.owner);
  const heard: string[] = [];
  socket.onAny((name: string) => heard.push(name));
  for (const name of NAMES) {
    const asked = await say(socket, name, exampleOf(name, foreign));
    expect([name, asked]).toEqual([name, await say(socket, name, exampleOf(name, absent))]);
  }
  await call(server.url, "PATCH", "/contact/contact-status", {
    token: theirs.token,
    body: { contact_id: foreign.contactId, status: "won" },
  });
  const { body } = await call<{ contact: { leadStatus: string; value: number } }>(
    server.url,
    "GET",
    `/contacts/${foreign.contactId}`,
    { token: theirs.token },
  );
  expect(body.data.contact).toMatchObject({ leadStatus: "won", value: 5 });
  expect(heard).toEqual([]);
});

test("[TN2] a socket that is still open says nothing that counts once its session or membership is gone", async () => {
  const organization = await server.anOrganization();
  const ids = await aWorld(organization);
  const collection = (name: string) => mongoose.connection.collection(name);
  const [member, admin] = [await as(organization.member), await as(organization.admin)];
  // Gone without a word to any process, as by a restored backup: what is asked with every message must notice.
  await collection("member").deleteOne({ userId: new mongoose.Types.ObjectId(organization.member.id) });
  await collection("session").deleteMany({ userId: new mongoose.Types.ObjectId(organization.admin.id) });
  for (const name of NAMES) {
    expect([name, (await say(member, name, exampleOf(name, ids))).code]).toEqual([name, "forbidden"]);
    expect([name, (await say(admin, name, exampleOf(name, ids))).code]).toEqual([name, "unauthenticated"]);
  }
});

test("[WN5] a TV screen hears and is not heard: none of the messages has a listener there", async () => {
  const organization = await server.anOrganization();
  const { body } = await call<{ url: string }>(server.url, "POST", "/wins/tv-links", {
    cookie: organization.owner.cookie,
    body: { name: "TV" },
  });
  const secret = body.data.url.split("#")[1] ?? "";
  expect(await knock(connect({ auth: { token: secret } }))).toBe("unauthenticated");
  const screen = io(`${server.url}/tv`, {
    transports: ["websocket"],
    forceNew: true,
    auth: { token: secret },
  });
  onTestFinished(() => void screen.disconnect());
  expect(await knock(screen)).toBe("connected");
  const [live] = [...server.io.of("/tv").sockets.values()];
  expect(live?.eventNames().filter((name) => name in MESSAGES)).toEqual([]);
});
