import { CommitQueues } from "@dmtracker/server/pipeline/commit-queue.ts";
import { createToken } from "@dmtracker/server/tokens/create-token.ts";
import { TokenModel } from "@dmtracker/server/tokens/token.model.ts";
import type { ApiToken, MadeToken } from "@dmtracker/shared/contracts/tokens.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();

const make = (cookie: string, name: string) =>
  call<MadeToken>(server.url, "POST", "/tokens", { cookie, body: { name } });
const list = async (cookie: string) =>
  (await call<{ tokens: ApiToken[] }>(server.url, "GET", "/tokens", { cookie })).body.data.tokens;

test("[TK1] a token is made by owner or admin, its secret is told once and stored as a hash", async () => {
  const { admin } = await server.anOrganization();
  const { status, body } = await make(admin.cookie, " ManyChat ");
  expect(status).toBe(201);
  const { token, secret } = body.data;
  expect(token).toMatchObject({ name: "ManyChat", createdBy: "Bob", lastUsedAt: null });
  const works = await call(server.url, "GET", "/pipelines", { token: secret });
  expect(works.status).toBe(200);
  const tokens = await list(admin.cookie);
  expect(tokens.map(({ name }) => name)).toEqual(["ManyChat", "n8n"]);
  expect(JSON.stringify(tokens)).not.toContain(secret);
  const record = await TokenModel.findById(token.id).lean();
  expect(JSON.stringify(record)).not.toContain(secret);
});

test("[TK2] the list tells when a token was last used", async () => {
  const { admin } = await server.anOrganization();
  const { body } = await make(admin.cookie, "Zapier");
  await call(server.url, "GET", "/pipelines", { token: body.data.secret });
  const used = (await list(admin.cookie)).find(({ id }) => id === body.data.token.id);
  expect(used?.lastUsedAt).not.toBeNull();
});

test("[TK3] a revoked token stops at once, and open pages are told to read the list anew", async () => {
  const { admin, owner, pipeline } = await server.anOrganization();
  const { body } = await make(admin.cookie, "Old script");
  const ana = await new BoardClient(server.url, owner.cookie, pipeline.id).open();
  const { token, secret } = body.data;
  const revoked = await call(server.url, "DELETE", `/tokens/${token.id}`, { cookie: owner.cookie });
  expect(revoked.status).toBe(200);
  expect((await call(server.url, "GET", "/pipelines", { token: secret })).status).toBe(401);
  expect((await list(admin.cookie)).map(({ id }) => id)).not.toContain(token.id);
  await eventually(() => {
    expect(ana.batches.flat().map(({ type }) => type)).toContain("organization.changed");
  });
  ana.close();
  const again = await call(server.url, "DELETE", `/tokens/${token.id}`, { cookie: owner.cookie });
  expect(again.status).toBe(404);
});

test("[TK4] two tokens of one name are refused, also in other case, until one is revoked", async () => {
  const { admin } = await server.anOrganization();
  const { body } = await make(admin.cookie, "n8n");
  expect(body).toMatchObject({ code: "invalid", issues: [{ path: "name" }] });
  expect((await make(admin.cookie, "N8N")).status).toBe(400);
  const [known] = await list(admin.cookie);
  await call(server.url, "DELETE", `/tokens/${known?.id}`, { cookie: admin.cookie });
  expect((await make(admin.cookie, "n8n")).status).toBe(201);
});

test("[TK1] [TN1] members and tokens make none, and another organization's token cannot be revoked", async () => {
  const { member, token } = await server.anOrganization();
  expect((await make(member.cookie, "mine")).status).toBe(403);
  const byToken = await call(server.url, "POST", "/tokens", { token, body: { name: "more" } });
  expect(byToken.status).toBe(403);
  const other = await server.anOrganization();
  const [foreign] = await list(other.owner.cookie);
  const { owner } = await server.anOrganization();
  const refused = await call(server.url, "DELETE", `/tokens/${foreign?.id}`, { cookie: owner.cookie });
  expect(refused.status).toBe(404);
  expect((await call(server.url, "GET", "/pipelines", { token: other.token })).status).toBe(200);
});

test("[TK1] a secret is told although open pages cannot be told of it", async () => {
  const { id: organizationId, owner } = await server.anOrganization();
  const commits = new CommitQueues(() => undefined, server.context.recentSettings);
  await commits.stop();
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  const made = await createToken(
    { ...server.context, commits },
    { organizationId, actor, role: "owner", limitKey: owner.id },
    "Made while the server stops",
  );
  const works = await call(server.url, "GET", "/pipelines", { token: made.secret });
  expect(works.status).toBe(200);
});
