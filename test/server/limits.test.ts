import { request as requestHttp } from "node:http";
import type { AddressInfo } from "node:net";
import type { Invitation } from "@dmtracker/shared/contracts/members.ts";
import { io, type Socket } from "socket.io-client";
import { expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { PASSWORD, startServer } from "../support/server.ts";

const server = await startServer();
const node = (variables: Record<string, string>) => server.aSecondNode({ variables });

const statuses = async (times: number, ask: () => Promise<{ status: number }>): Promise<number[]> => {
  const found: number[] = [];
  for (let time = 0; time < times; time += 1) found.push((await ask()).status);
  return found;
};

function knock(
  url: string,
  extraHeaders: Record<string, string> = {},
): Promise<{ said: string; retryAfterS?: number }> {
  const socket: Socket = io(url, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    extraHeaders,
  });
  onTestFinished(() => void socket.disconnect());
  return new Promise((resolve) => {
    socket.once("connect", () => resolve({ said: "connected" }));
    socket.once("connect_error", (error) =>
      resolve({ said: error.message, ...(error as { data?: { retryAfterS: number } }).data }),
    );
  });
}

test.each([
  ["what needs no sign-in", "LIMIT_OPEN", () => ({ path: "/sign-up" })],
  [
    "refused calls",
    "LIMIT_STRANGER",
    () => ({ path: "/contacts", headers: { "x-org-auth-token": "dmt_guess" } }),
  ],
  ["a session", "LIMIT_PERSON", ({ cookie }: { cookie: string }) => ({ path: "/me", headers: { cookie } })],
  [
    "a token",
    "LIMIT_TOKEN",
    ({ token }: { token: string }) => ({ path: "/pipelines", headers: { "x-org-auth-token": token } }),
  ],
] as const)(
  "[SI2] calls of %s are counted, and the one too many says when to come again",
  async (_what, variable, callOf) => {
    const { url } = await node({ [variable]: "3/600" });
    const { owner, token } = await server.anOrganization();
    const { path, headers = {} } = callOf({ cookie: owner.cookie, token }) as {
      path: string;
      headers?: Record<string, string>;
    };
    const answers = [];
    for (let time = 0; time < 4; time += 1) answers.push(await call(url, "GET", path, { headers }));
    expect(answers.map(({ status }) => status === 429)).toEqual([false, false, false, true]);
    const last = answers[3];
    expect(last?.body.code).toBe("rate_limited");
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(500);
    expect(last?.headers.get("ratelimit-remaining")).toBe("0");
  },
);

test("[SI2] mails that one address causes are counted", async () => {
  const { url } = await node({ LIMIT_MAIL: "2/600" });
  const ask = () => call(url, "POST", "/password-reset/link", { body: { email: "x@example.com" } });
  expect(await statuses(3, ask)).toEqual([200, 200, 429]);
});

test("[SI2] sockets that one address opens are counted, and guesses among them as for REST", async () => {
  const { owner } = await server.anOrganization();
  const few = await node({ LIMIT_HANDSHAKE: "2/600" });
  for (const said of ["connected", "connected"]) {
    expect((await knock(few.url, { cookie: owner.cookie })).said).toBe(said);
  }
  const refused = await knock(few.url, { cookie: owner.cookie });
  expect(refused.said).toBe("rate_limited");
  expect(refused.retryAfterS).toBeGreaterThan(500);
  const strict = await node({ LIMIT_STRANGER: "2/600" });
  const said = [];
  for (let time = 0; time < 3; time += 1) said.push((await knock(strict.url)).said);
  expect(said).toEqual(["unauthenticated", "unauthenticated", "rate_limited"]);
  expect((await knock(strict.url, { cookie: owner.cookie })).said).toBe("connected");
});

test("[SI2] [RT7] a person's live messages are counted; the one too many is answered, and the socket stays", async () => {
  const { member, pipeline } = await server.anOrganization();
  const { url } = await node({ LIMIT_MESSAGES: "3/600" });
  const client = await new BoardClient(url, member.cookie, pipeline.id).open();
  onTestFinished(() => client.close());
  const look = () => client.socket.emitWithAck("presence:set", { pipelineId: pipeline.id, contactId: null });
  const codes: (string | undefined)[] = [];
  for (let time = 0; time < 4; time += 1) {
    const reply = await look();
    codes.push(reply.ok ? undefined : reply.code);
  }
  // Joining was a message, too, perhaps twice: once for the connection, once for the board.
  expect(codes.at(-1)).toBe("rate_limited");
  expect(codes.indexOf("rate_limited")).toBeLessThanOrEqual(2);
  expect(client.socket.connected).toBe(true);
});

test("[SI7] what a caller writes about its address counts only as far as there are proxies", async () => {
  const from = (url: string, forwarded: string) =>
    call(url, "GET", "/sign-up", { headers: { "x-forwarded-for": forwarded } });
  const direct = await node({ LIMIT_OPEN: "2/600" });
  let made = 0;
  expect(await statuses(3, () => from(direct.url, `203.0.113.${(made += 1)}`))).toEqual([200, 200, 429]);
  const behindOne = await node({ LIMIT_OPEN: "2/600", TRUST_PROXY: "1", LIMIT_HANDSHAKE: "2/600" });
  expect(await statuses(3, () => from(behindOne.url, `203.0.113.${(made += 1)}`))).toEqual([200, 200, 200]);
  // The proxy adds the last one; those before it are the caller's own words.
  const pretending = () => from(behindOne.url, `203.0.113.${(made += 1)}, 198.51.100.7`);
  expect(await statuses(3, pretending)).toEqual([200, 200, 429]);
  const opened = async (address: string) => (await knock(behindOne.url, { "x-forwarded-for": address })).said;
  expect([await opened("1.1.1.1"), await opened("1.1.1.2"), await opened("1.1.1.3")]).not.toContain(
    "rate_limited",
  );
  const spoofed = [];
  for (let time = 0; time < 3; time += 1)
    spoofed.push(await opened(`203.0.113.${(made += 1)}, 198.51.100.9`));
  expect(spoofed.at(-1)).toBe("rate_limited");
});

test("[SI1] [SI7] behind https cookies are Secure, and only pages of that address write", async () => {
  const { owner } = await server.anOrganization();
  const behind = await node({ PUBLIC_URL: "https://sales.example.com", TRUST_PROXY: "1" });
  // Its own address is the public one; what a proxy in front talks to is the port.
  const { port } = behind.io.httpServer.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const signIn = (origin: string) =>
    fetch(`${url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin },
      body: JSON.stringify({ email: owner.email, password: PASSWORD }),
    });
  expect((await signIn("http://sales.example.com")).status).toBe(403);
  const answer = await signIn("https://sales.example.com");
  expect(answer.status).toBe(200);
  const cookies = answer.headers.getSetCookie();
  expect(cookies.length).toBeGreaterThan(0);
  for (const cookie of cookies) expect(cookie).toMatch(/^__Secure-.*; HttpOnly; Secure; SameSite=Lax/);
  expect(answer.headers.get("strict-transport-security")).toContain("max-age=");
});

test("[SI7] links follow PUBLIC_URL, whatever the caller says the host is", async () => {
  const { owner } = await server.anOrganization();
  const { port } = new URL(server.url);
  const body = JSON.stringify({ email: "new@example.com", role: "member" });
  const text = await new Promise<string>((resolve, reject) => {
    const asked = requestHttp(
      {
        port,
        path: "/api/v1/invitations",
        method: "POST",
        headers: {
          host: "evil.example",
          "x-forwarded-host": "evil.example",
          cookie: owner.cookie,
          "content-type": "application/json",
          "content-length": body.length,
        },
      },
      (response) => {
        let read = "";
        response.on("data", (chunk: Buffer) => (read += chunk.toString()));
        response.on("end", () => resolve(read));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
  const { data } = JSON.parse(text) as { data: { invitation: Invitation } };
  expect(data.invitation.link.startsWith(`${server.url}/invite#`)).toBe(true);
});

test("[SI8] a body, a header or a live message that is too large is refused, and ends nothing else", async () => {
  const { owner, token, pipeline } = await server.anOrganization();
  const body = await call(server.url, "POST", "/tags", {
    cookie: owner.cookie,
    body: { name: "x".repeat(300_000) },
  });
  expect([body.status, body.body.code]).toEqual([413, "too_large"]);
  const header = await fetch(`${server.url}/api/v1/pipelines`, {
    headers: { "x-org-auth-token": token, "x-padding": "x".repeat(20_000) },
  });
  expect(header.status).toBe(431);
  const [loud, quiet] = [
    await new BoardClient(server.url, owner.cookie, pipeline.id).open(),
    await new BoardClient(server.url, owner.cookie, pipeline.id).open(),
  ];
  onTestFinished(() => [loud, quiet].forEach((client) => client.close()));
  let cut = "";
  loud.socket.once("disconnect", (reason) => (cut = reason));
  const contactId = "f".repeat(24);
  loud.socket.emit(
    "contact:change",
    { mutationId: "too large", contactId, note: "x".repeat(200_000) },
    () => undefined,
  );
  await eventually(() => expect(cut).toMatch(/transport/));
  expect(quiet.socket.connected).toBe(true);
  const looked = await quiet.socket.emitWithAck("presence:set", { pipelineId: pipeline.id, contactId: null });
  expect(looked.ok).toBe(true);
  expect((await call(server.url, "GET", "/pipelines", { token })).status).toBe(200);
});
