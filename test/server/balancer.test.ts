import { startBalancer } from "@dmtracker/server/cluster/balancer.ts";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";

type Backend = {
  url: string;
  heard: IncomingMessage[];
  isReady: boolean;
  server: Server;
  live: Socket[];
};

async function aBackend(name: string): Promise<Backend> {
  const heard: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/readyz") return void response.writeHead(backend.isReady ? 200 : 503).end();
    heard.push(request);
    void text(request).then((body) => response.end(`${name} ${request.url} ${body}`));
  });
  const live: Socket[] = [];
  server.on("upgrade", (_request, socket: Socket) => {
    live.push(socket);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    socket.on("data", (bytes) => socket.write(`${name} heard ${bytes.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const backend: Backend = { url, heard, isReady: true, server, live };
  onTestFinished(() => void server.close());
  return backend;
}

async function inFrontOf(...backends: Backend[]) {
  const targets = backends.map(({ url }) => url);
  const balancer = await startBalancer({ host: "127.0.0.1", port: 0, targets });
  onTestFinished(() => balancer.stop());
  return { ...balancer, url: `http://127.0.0.1:${balancer.port}` };
}

const cookieOf = (response: Response): string => response.headers.get("set-cookie")?.split(";")[0] ?? "";

test("[SP11] who came once comes to the same process again, until it is not ready any more", async () => {
  const [a, b] = [await aBackend("a"), await aBackend("b")];
  const balancer = await inFrontOf(a, b);
  const first = await fetch(`${balancer.url}/x`);
  const cookie = cookieOf(first);
  const name = (await first.text())[0];
  for (let call = 0; call < 6; call += 1) {
    const again = await fetch(`${balancer.url}/x`, { headers: { cookie: `theme=dark; ${cookie}` } });
    expect((await again.text())[0]).toBe(name);
    expect(again.headers.get("set-cookie")).toBeNull();
  }
  (name === "a" ? a : b).isReady = false;
  await balancer.look();
  const moved = await fetch(`${balancer.url}/x`, { headers: { cookie } });
  expect((await moved.text())[0]).toBe(name === "a" ? "b" : "a");
  expect(cookieOf(moved)).not.toBe(cookie);
});

test("[SP11] a process that cannot be reached is passed over, and a body comes whole to the next one", async () => {
  const [a, b] = [await aBackend("a"), await aBackend("b")];
  const balancer = await inFrontOf(a, b);
  a.server.closeAllConnections();
  await new Promise((resolve) => a.server.close(resolve));
  const body = "x".repeat(200_000);
  for (let call = 0; call < 4; call += 1) {
    const answer = await fetch(`${balancer.url}/x`, { method: "POST", body, headers: { cookie: "node=0" } });
    expect(await answer.text()).toBe(`b /x ${body}`);
  }
  expect(b.heard.at(-1)?.headers).toMatchObject({
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
  });
  b.isReady = false;
  await balancer.look();
  expect((await fetch(`${balancer.url}/x`)).status, "better one that is slow than nobody").toBe(200);
  b.server.closeAllConnections();
  await new Promise((resolve) => b.server.close(resolve));
  const nobody = await fetch(`${balancer.url}/x`);
  expect([nobody.status, nobody.headers.get("retry-after")]).toEqual([503, "1"]);
});

test("[SP11] live connections go through, and end when their process does", async () => {
  const [a, b] = [await aBackend("a"), await aBackend("b")];
  const balancer = await inFrontOf(a, b);
  const socket = connect(balancer.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let said = "";
  socket.on("data", (bytes) => (said += bytes.toString()));
  socket.on("error", () => undefined);
  const head =
    "GET /live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\ncookie: node=1\r\n\r\n";
  socket.write(head);
  await expect.poll(() => said).toContain("101 Switching");
  socket.write("ping");
  await expect.poll(() => said).toContain("b heard ping");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const each of b.live) each.destroy();
  await closed;
});
