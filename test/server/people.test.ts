import mongoose from "mongoose";
import type { Account } from "@dmtracker/shared/contracts/accounts.ts";
import type { Invitation, InvitationLetter, MemberList } from "@dmtracker/shared/contracts/members.ts";
import type { Session } from "@dmtracker/shared/contracts/people.ts";
import type { AccessEnd } from "@dmtracker/shared/contracts/realtime.ts";
import { sweepDeleted, WITHOUT_ORGANIZATION } from "@dmtracker/server/organizations/sweep-deleted.ts";
import { insertToken } from "@dmtracker/server/tokens/token.store.ts";
import { io } from "socket.io-client";
import { expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization, type TestPerson } from "../support/server.ts";

let later = 0;
const server = await startServer({ now: () => new Date(Date.now() + later) });
const PASSWORD = "correct horse battery";
let people = 0;
const anEmail = (): string => `person.${(people += 1)}@example.com`;

const cookieOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

const post = <T = Record<string, unknown>>(path: string, body: unknown, cookie?: string) =>
  call<T>(server.url, "POST", path, { body, ...(cookie ? { cookie } : {}) });

async function signUp(email = anEmail(), organization_name = "Acme") {
  const answer = await post("/sign-up", { name: "Olu", email, password: PASSWORD, organization_name });
  return { email, ...answer, cookie: cookieOf(answer.headers) };
}

async function invite({ owner }: TestOrganization, email: string, role: "admin" | "member" = "member") {
  const { body } = await post<{ invitation: Invitation }>("/invitations", { email, role }, owner.cookie);
  const { link } = body.data.invitation;
  return { ...body.data.invitation, token: link.slice(link.indexOf("#") + 1) };
}

/** A page that is open somewhere: it hears why its access ended. */
async function aPage(cookie: string) {
  const ends: AccessEnd[] = [];
  const socket = io(server.url, {
    transports: ["websocket"],
    extraHeaders: { cookie },
    forceNew: true,
    reconnection: false,
  });
  onTestFinished(() => void socket.disconnect());
  socket.on("access:revoked", (end: AccessEnd) => ends.push(end));
  await new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(undefined));
    socket.once("connect_error", reject);
  });
  return { socket, ends };
}

const signIn = (email: string, password = PASSWORD) =>
  fetch(`${server.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: server.url },
    body: JSON.stringify({ email, password }),
  });

const rolesOf = async (organization: TestOrganization, { cookie }: TestPerson) => {
  const { body } = await call<MemberList>(server.url, "GET", "/members", { cookie });
  return Object.fromEntries(body.data.members.map(({ id, role }) => [id, role]));
};

test("[PE1] who signs up owns a new organization with its default pipeline, and all of it answers while empty", async () => {
  const { status, cookie } = await signUp();
  expect(status).toBe(201);
  const { body } = await call<Session>(server.url, "GET", "/me", { cookie });
  expect(body.data).toMatchObject({ role: "owner", organization: { name: "Acme" } });
  const pipelines = await call<{ pipelines: { id: string; stages: { name: string }[] }[] }>(
    server.url,
    "GET",
    "/pipelines",
    { cookie },
  );
  const [pipeline] = pipelines.body.data.pipelines;
  expect(pipeline?.stages.map(({ name }) => name)).toEqual([
    "Outreach Sent",
    "In Conversation",
    "Interested",
    "Meeting Booked",
    "Closed",
    "Lost",
  ]);
  for (const path of [
    `/pipelines/${pipeline?.id}/board`,
    "/contacts",
    "/follow-ups",
    "/activity",
    "/reports",
    "/wins",
    "/tags",
    "/members",
  ]) {
    expect([path, (await call(server.url, "GET", path, { cookie })).status]).toEqual([path, 200]);
  }
});

test("[PE1] every mistake in signing up names its field", async () => {
  const { body } = await post("/sign-up", {
    name: " ",
    email: "no",
    password: "short",
    organization_name: "",
  });
  expect(body.issues?.map(({ path }) => path).sort()).toEqual([
    "email",
    "name",
    "organization_name",
    "password",
  ]);
  const { email } = await signUp();
  const again = await signUp(email);
  expect(again.body).toMatchObject({ code: "duplicate", issues: [{ path: "email" }] });
});

test("[PE2] an invitation is accepted once, by its address only, with a new account or an existing one", async () => {
  const organization = await server.anOrganization();
  const email = anEmail();
  const { token, id } = await invite(organization, email, "admin");
  const read = await post<InvitationLetter>("/invitations/read", { token });
  expect(read.body.data).toMatchObject({ email, role: "admin", invitedBy: "Ana", next: "new" });
  const other = await post<InvitationLetter>("/invitations/read", { token }, organization.member.cookie);
  expect(other.body.data.next).toBe("other");
  expect((await post("/invitations/accept", { token }, organization.member.cookie)).status).toBe(403);
  const bare = await post("/invitations/accept", { token });
  expect(bare.body).toMatchObject({ code: "invalid", issues: [{ path: "name" }] });
  const joined = await post("/invitations/accept", { token, name: "Nia", password: PASSWORD });
  expect(joined.status).toBe(200);
  const me = await call<Session>(server.url, "GET", "/me", { cookie: cookieOf(joined.headers) });
  expect(me.body.data).toMatchObject({ role: "admin", organization: { id: organization.id } });
  expect((await post("/invitations/accept", { token })).status).toBe(404);
  expect((await post("/invitations/read", { token: id })).status).toBe(404);

  const second = await server.anOrganization();
  const known = await invite(second, email);
  expect((await post<InvitationLetter>("/invitations/read", { token: known.token })).body.data.next).toBe(
    "sign_in",
  );
  expect((await post("/invitations/accept", { token: known.token })).status).toBe(401);
  const cookie = cookieOf((await signIn(email)).headers);
  expect((await post("/invitations/accept", { token: known.token }, cookie)).status).toBe(200);
  const account = await call<Account>(server.url, "GET", "/account", { cookie });
  expect(account.body.data.organizations.map(({ role }) => role).sort()).toEqual(["admin", "member"]);
});

test("[PE2] a revoked invitation and a forged one are worth nothing; inviting again replaces the link", async () => {
  const organization = await server.anOrganization();
  const email = anEmail();
  const [first, second] = [await invite(organization, email), await invite(organization, email)];
  expect((await post("/invitations/read", { token: first.token })).status).toBe(404);
  const forged = `${second.token.split(".")[0]}.${first.token.split(".")[1]}`;
  expect((await post("/invitations/read", { token: forged })).status).toBe(404);
  const path = `/invitations/${second.id}`;
  expect((await call(server.url, "DELETE", path, { cookie: organization.admin.cookie })).status).toBe(200);
  expect((await post("/invitations/read", { token: second.token })).status).toBe(404);
  const owner = await post("/invitations", { email: anEmail(), role: "owner" }, organization.owner.cookie);
  expect(owner.body).toMatchObject({ code: "invalid", issues: [{ path: "role" }] });
});

test("[PE3] one session shows one organization: switching tells the other pages, and losing one opens no other", async () => {
  const organization = await server.anOrganization();
  const { email, cookie } = await signUp();
  const { token } = await invite(organization, email);
  await post("/invitations/accept", { token }, cookie);
  const page = await aPage(cookie);
  const own = await call<Account>(server.url, "GET", "/account", { cookie });
  const acme = own.body.data.organizations.find(({ role }) => role === "owner");
  expect((await post(`/organizations/${acme?.id}/open`, {}, cookie)).status).toBe(200);
  await eventually(() => expect(page.ends).toMatchObject([{ cause: "switched" }]));
  await post(`/organizations/${organization.id}/open`, {}, cookie);
  const userId = own.body.data.user.id;
  await call(server.url, "DELETE", `/members/${userId}`, { cookie: organization.owner.cookie });
  const read = await call(server.url, "GET", "/contacts", { cookie });
  expect(read).toMatchObject({ status: 403, body: { code: "no_organization" } });
});

test("[PE4] [RT10] a role changes at once on every open page, and the owner's never by others", async () => {
  const organization = await server.anOrganization();
  const { owner, admin, member } = organization;
  const page = await aPage(admin.cookie);
  const patch = (who: TestPerson, by: TestPerson, role: string) =>
    call(server.url, "PATCH", `/members/${who.id}`, { cookie: by.cookie, body: { role } });
  expect((await patch(owner, admin, "member")).status).toBe(403);
  expect((await patch(member, owner, "owner")).status).toBe(400);
  expect((await patch(admin, owner, "member")).status).toBe(200);
  await eventually(() =>
    expect(page.ends).toMatchObject([
      { cause: "role_changed", reason: expect.stringContaining("Ana made you") as string },
    ]),
  );
  await eventually(() => expect(page.socket.connected).toBe(false));
  expect(
    (await call(server.url, "POST", "/tags", { cookie: admin.cookie, body: { name: "hot" } })).status,
  ).toBe(403);
  const taken = await call(server.url, "DELETE", `/members/${owner.id}`, { cookie: owner.cookie });
  expect(taken.status).toBe(403);
});

test("[RT10] who is removed while their page connects is told so as well", async () => {
  const organization = await server.anOrganization();
  const { admin, member } = organization;
  let removed = 0;
  // Behind the server's own look at who connects, before the socket is where news about its member go.
  server.io.use((socket, next) => {
    if (socket.data.userId !== member.id) return next();
    call(server.url, "DELETE", `/members/${member.id}`, { cookie: admin.cookie }).then(({ status }) => {
      removed = status;
      next();
    }, next);
  });
  const page = await aPage(member.cookie);
  await eventually(() => expect(page.ends).toMatchObject([{ cause: "removed" }]));
  expect(removed).toBe(200);
});

test("[PE5] ownership goes to one person, with the password, and there is exactly one owner whatever comes at once", async () => {
  const organization = await server.anOrganization();
  const { owner, admin, member } = organization;
  const give = (to: TestPerson, password = PASSWORD) =>
    post("/organization/owner", { user_id: to.id, password }, owner.cookie);
  expect((await give(admin, "wrong password")).body).toMatchObject({ issues: [{ path: "password" }] });
  expect((await post("/organization/leave", {}, owner.cookie)).status).toBe(403);
  const both = await Promise.all([give(admin), give(member)]);
  expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
  const roles = await rolesOf(organization, owner);
  expect(Object.values(roles).filter((role) => role === "owner")).toHaveLength(1);
  expect(roles[owner.id]).toBe("admin");
});

test("[PE6] deleting an organization takes its name and password, and leaves nothing of it", async () => {
  const organization = await server.anOrganization();
  const { owner, member, token, id } = organization;
  const page = await aPage(member.cookie);
  await post("/organization/create-contact", { username: "kim.fit", tags: ["hot"] }, owner.cookie);
  const { body } = await call<Session>(server.url, "GET", "/me", { cookie: owner.cookie });
  const { name } = body.data.organization;
  const end = (typed: string, password = PASSWORD) =>
    call(server.url, "DELETE", "/organization", { cookie: owner.cookie, body: { name: typed, password } });
  expect((await end(name, "wrong password")).body).toMatchObject({ issues: [{ path: "password" }] });
  expect((await end("Another")).body).toMatchObject({ issues: [{ path: "name" }] });
  expect((await end(name)).status).toBe(200);
  await eventually(() => expect(page.ends).toMatchObject([{ cause: "deleted" }]));
  expect((await call(server.url, "GET", "/contacts", { token })).status).toBe(401);
  expect((await call(server.url, "GET", "/contacts", { cookie: owner.cookie })).status).toBe(403);
  const objectId = new mongoose.Types.ObjectId(id);
  for (const collection of await mongoose.connection.db!.collections()) {
    const left = await collection.countDocuments({ organizationId: { $in: [objectId, id] } });
    expect([collection.collectionName, left]).toEqual([collection.collectionName, 0]);
  }
});

/** What is left of an organization, by collection. */
async function remainsOf({ id, pipeline }: TestOrganization): Promise<[string, number][]> {
  const ids = [new mongoose.Types.ObjectId(id), id];
  const pipelineId = { $in: [new mongoose.Types.ObjectId(pipeline.id), pipeline.id] };
  const own = { $or: [{ organizationId: { $in: ids } }, { pipelineId }, { _id: { $in: ids } }] };
  const left: [string, number][] = [];
  for (const collection of await mongoose.connection.db!.collections()) {
    const count = await collection.countDocuments(own as object);
    if (count > 0) left.push([collection.collectionName, count]);
  }
  return left;
}

test("[PE6] what was on its way while its organization was deleted is deleted too, and a deletion that was cut off goes on", async () => {
  const organization = await server.anOrganization();
  const { owner, token } = organization;
  const { body } = await call<Session>(server.url, "GET", "/me", { cookie: owner.cookie });
  const writes = Array.from({ length: 60 }, (_, index) =>
    call(server.url, "POST", "/organization/create-contact", {
      token,
      body: { username: `lead${index}`, tags: [`tag ${index}`] },
    }),
  );
  const ended = await call(server.url, "DELETE", "/organization", {
    cookie: owner.cookie,
    body: { name: body.data.organization.name, password: PASSWORD },
  });
  expect(ended.status).toBe(200);
  await Promise.all(writes);
  // A call that had passed the guard before, and writes without a commit.
  await insertToken(organization.id, "late", new Date());
  const after = await remainsOf(organization);
  expect(after.map(([name]) => name)).not.toContain("contacts");
  later = 600_000;
  await sweepDeleted(server.context);
  later = 0;
  expect(await remainsOf(organization)).toEqual([]);

  const cut = await server.anOrganization();
  await mongoose.connection.collection("deleted_organizations").insertOne({
    _id: new mongoose.Types.ObjectId(cut.id),
    pipelineIds: [new mongoose.Types.ObjectId(cut.pipeline.id)],
    sweepAt: new Date(),
  });
  await sweepDeleted(server.context);
  expect(await remainsOf(cut)).toEqual([]);
  expect((await call(server.url, "GET", "/contacts", { cookie: cut.owner.cookie })).status).toBe(403);
});

test("[PE6] every collection says whose its records are, so that none is forgotten", () => {
  const models = Object.values(mongoose.models).filter(
    ({ modelName }) => !WITHOUT_ORGANIZATION.includes(modelName),
  );
  const nobodys = models.filter(({ schema }) => !schema.path("organizationId") && !schema.path("pipelineId"));
  expect(nobodys.map(({ modelName }) => modelName)).toEqual([]);
});

test("[PE7] a changed password ends the other sessions and keeps this one; signing out everywhere ends all", async () => {
  const { email, cookie } = await signUp();
  const elsewhere = cookieOf((await signIn(email)).headers);
  const [here, there] = [await aPage(cookie), await aPage(elsewhere)];
  const wrong = await post(
    "/account/password",
    { password: "not it", new_password: "new horse battery" },
    cookie,
  );
  expect(wrong.body).toMatchObject({ issues: [{ path: "password" }] });
  await post("/account/password", { password: PASSWORD, new_password: "new horse battery" }, cookie);
  await eventually(() => expect(there.ends).toMatchObject([{ cause: "signed_out" }]));
  expect(here.ends).toEqual([]);
  expect((await signIn(email)).status).toBe(401);
  expect((await call(server.url, "GET", "/me", { cookie: elsewhere })).status).toBe(401);
  await call(server.url, "DELETE", "/account/sessions", { cookie });
  await eventually(() => expect(here.ends).toMatchObject([{ cause: "signed_out" }]));
  expect((await call(server.url, "GET", "/me", { cookie })).status).toBe(401);
});

test("[PE8] without mail an admin hands out a link that works once, never for the owner or who belongs elsewhere", async () => {
  const organization = await server.anOrganization();
  const { owner, admin, member } = organization;
  const reset = (who: TestPerson, by: TestPerson) =>
    post<{ link: string }>(`/members/${who.id}/reset-link`, {}, by.cookie);
  expect((await reset(owner, admin)).status).toBe(403);
  expect((await reset(admin, admin)).status).toBe(403);
  const { body } = await reset(member, admin);
  const token = body.data.link.split("#")[1];
  const page = await aPage(member.cookie);
  expect((await post("/password-reset", { token, password: "new horse battery" })).status).toBe(200);
  await eventually(() => expect(page.ends).toMatchObject([{ cause: "signed_out" }]));
  expect((await post("/password-reset", { token, password: "newer horse battery" })).status).toBe(404);
  expect((await signIn(member.email, "new horse battery")).status).toBe(200);
  const elsewhere = await server.anOrganization();
  const { token: invited } = await invite(elsewhere, member.email);
  const cookie = cookieOf((await signIn(member.email, "new horse battery")).headers);
  await post("/invitations/accept", { token: invited }, cookie);
  expect((await reset(member, admin)).status).toBe(403);
});

test("[PE8] a link that was handed out is worth nothing once a role changes, somebody leaves, joins elsewhere, or whoever made it is out", async () => {
  const aLink = async ({ admin, member }: TestOrganization): Promise<string> => {
    const { body } = await post<{ link: string }>(`/members/${member.id}/reset-link`, {}, admin.cookie);
    return body.data.link.split("#")[1] ?? "";
  };
  const patch = ({ owner }: TestOrganization, { id }: TestPerson, role: string) =>
    call(server.url, "PATCH", `/members/${id}`, { cookie: owner.cookie, body: { role } });
  const remove = ({ owner }: TestOrganization, { id }: TestPerson) =>
    call(server.url, "DELETE", `/members/${id}`, { cookie: owner.cookie });
  const acts: Record<string, (organization: TestOrganization) => Promise<unknown>> = {
    "their role changes": (organization) => patch(organization, organization.member, "admin"),
    "they are removed": (organization) => remove(organization, organization.member),
    "they become owner": ({ owner, member }) =>
      post("/organization/owner", { user_id: member.id, password: PASSWORD }, owner.cookie),
    "they join elsewhere": async ({ member }) => {
      const { token } = await invite(await server.anOrganization(), member.email);
      return post("/invitations/accept", { token }, member.cookie);
    },
    "the admin is removed": (organization) => remove(organization, organization.admin),
    "the admin is one no more": (organization) => patch(organization, organization.admin, "member"),
  };
  for (const [what, act] of Object.entries(acts)) {
    const organization = await server.anOrganization();
    const token = await aLink(organization);
    expect([what, await act(organization)]).toMatchObject([what, { status: 200 }]);
    const used = await post("/password-reset", { token, password: "new horse battery" });
    expect([what, used.status]).toEqual([what, 404]);
  }
});

test("[PE5] a new owner is told on every open page, by the log", async () => {
  const { owner, admin, member, pipeline } = await server.anOrganization();
  const page = await new BoardClient(server.url, member.cookie, pipeline.id).open();
  onTestFinished(() => page.close());
  await post("/organization/owner", { user_id: admin.id, password: PASSWORD }, owner.cookie);
  await eventually(() => expect(page.batches.at(-1)?.[0]?.type).toBe("organization.changed"));
});
