import { createGunzip } from "node:zlib";
import { request as httpRequest } from "node:http";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { expect, test, vi } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { call } from "../support/http.ts";
import { startServer } from "../support/server.ts";

const lines: string[] = [];
const server = await startServer({
  logTo: new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  }),
  variables: { LIMIT_TOKEN: "1000/60" },
});

const create = (token: string, body: object, headers: Record<string, string> = {}) =>
  call<ContactStatusAnswer>(server.url, "POST", "/organization/create-contact", { token, body, headers });

test("[API5] what was read is not sent again while it holds: ETag and If-None-Match", async () => {
  const { token } = await server.anOrganization();
  const headers = { "x-org-auth-token": token };
  const url = `${server.url}/api/v1/contacts`;
  const first = await fetch(url, { headers });
  const etag = first.headers.get("etag") ?? "";
  expect(etag).not.toBe("");
  expect(first.headers.get("cache-control")).toBe("private, no-cache");
  const same = await fetch(url, { headers: { ...headers, "if-none-match": etag } });
  expect([same.status, await same.text()]).toEqual([304, ""]);
  await create(token, { username: "kim" });
  const newer = await fetch(url, { headers: { ...headers, "if-none-match": etag } });
  expect(newer.status).toBe(200);
});

test("[API6] large answers are compressed for who takes it, small ones and others are not", async () => {
  const { token } = await server.anOrganization();
  for (const username of ["a", "b", "c", "d"]) await create(token, { username });
  const get = (path: string, encoding: string) =>
    new Promise<{ encoding: string | undefined; body: string }>((resolve, reject) => {
      const headers = { "x-org-auth-token": token, "accept-encoding": encoding };
      httpRequest(`${server.url}/api/v1${path}`, { headers }, (answer) => {
        const used = answer.headers["content-encoding"];
        const body = used === "gzip" ? answer.pipe(createGunzip()) : answer;
        text(body).then((read) => resolve({ encoding: used, body: read }), reject);
      }).end();
    });
  const packed = await get("/contacts", "gzip");
  expect(packed.encoding).toBe("gzip");
  expect(JSON.parse(packed.body)).toEqual(JSON.parse((await get("/contacts", "identity")).body));
  expect((await get("/contacts", "identity")).encoding).toBeUndefined();
  expect((await get("/events?after=100", "gzip")).encoding).toBeUndefined();
});

test("[API7] a request keeps the id it came with, or gets one, and a failure names it in answer and log", async () => {
  const { token } = await server.anOrganization();
  const ask = (id: string) =>
    call(server.url, "GET", "/pipelines", { token, headers: { "x-request-id": id } });
  expect((await ask("flow-17")).headers.get("x-request-id")).toBe("flow-17");
  const odd = (await ask('two words "quoted"')).headers.get("x-request-id");
  expect(odd).toMatch(/^[0-9a-f-]{36}$/);
  const { places } = server.context;
  const { logger } = server.context;
  const { level } = logger;
  logger.level = "error";
  const mended = vi.spyOn(places, "find").mockRejectedValue(new TypeError("a bug"));
  try {
    const failed = await call(server.url, "PATCH", "/contact/contact-status", {
      token,
      body: { contact_id: "0".repeat(24), status: "won" },
      headers: { "x-request-id": "flow-18" },
    });
    expect(failed.status).toBe(500);
    expect(failed.body).toMatchObject({ code: "internal", request_id: "flow-18" });
    expect(JSON.stringify(failed.body)).not.toContain("a bug");
    expect(lines.join("")).toMatch(/a bug.*flow-18|flow-18.*a bug/);
  } finally {
    logger.level = level;
    mended.mockRestore();
  }
});

test("[API8] every answer to a known caller says what is left of the limit", async () => {
  const { token } = await server.anOrganization();
  const { headers } = await call(server.url, "GET", "/pipelines", { token });
  expect(headers.get("ratelimit-limit")).toBe("1000");
  expect(Number(headers.get("ratelimit-remaining"))).toBeLessThan(1000);
  expect(Number(headers.get("ratelimit-reset"))).toBeGreaterThan(0);
});

test("[API9] Prefer: wait=delivered answers how many open boards have the change", async () => {
  const { token, pipeline, owner, member } = await server.anOrganization();
  const prefer = { prefer: "respond-async, wait=delivered" };
  const alone = await create(token, { username: "first" }, prefer);
  expect(alone.body.data.delivered).toEqual({ boards: 0, acknowledged: 0 });
  expect(alone.headers.get("preference-applied")).toBe("wait=delivered");
  const boards = await Promise.all(
    [owner, member].map(({ cookie }) => new BoardClient(server.url, cookie, pipeline.id).open()),
  );
  const both = await create(token, { username: "second" }, prefer);
  expect(both.body.data.delivered).toEqual({ boards: 2, acknowledged: 2 });
  for (const board of boards) expect(board.seq).toBeGreaterThanOrEqual(both.body.data.seq);
  for (const board of boards.slice(1)) board.isDeaf = true;
  const one = await create(token, { username: "third" }, prefer);
  expect(one.status).toBe(201);
  expect(one.body.data.delivered).toEqual({ boards: 2, acknowledged: 1 });
  const without = await create(token, { username: "fourth" });
  expect(without.body.data.delivered).toBeUndefined();
  expect(without.headers.get("preference-applied")).toBeNull();
  for (const board of boards) board.close();
});
