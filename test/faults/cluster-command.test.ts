import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startProgram } from "@dmtracker/server/cluster/child-program.ts";
import { expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";

const ROOT = join(import.meta.dirname, "../..");

async function startClusterCommand(dataDir: string, variables: Record<string, string>) {
  const running = await startProgram({
    command: process.execPath,
    args: [join(ROOT, "server/cluster/main.ts")],
    env: { PORT: "0", DATA_DIR: dataDir, LOG_LEVEL: "fatal", ...variables },
    ready: /^url: .+\n/m,
  });
  onTestFinished(() => running.end("SIGTERM"));
  const lines = running
    .printed()
    .trim()
    .split("\n")
    .map((line) => line.split(/: (.*)/s) as [string, string]);
  const all = (key: string): string[] => lines.filter(([name]) => name === key).map(([, value]) => value);
  return { running, all, one: (key: string): string => all(key)[0] ?? "" };
}

test("[SP11] the command prints the way in, one address per process and the login, and what it starts is one board", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-test-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const { running, all, one } = await startClusterCommand(dataDir, { NODES: "2" });
  const [url, token, nodes] = [one("url"), one("token"), all("node")];
  expect([nodes.length, new Set(nodes).size]).toEqual([2, 2]);
  const signedIn = await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ email: one("email"), password: one("password") }),
  });
  expect(signedIn.status).toBe(200);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const listed = await call<{ pipelines: { id: string }[] }>(url, "GET", "/pipelines", { token });
  const pipelineId = listed.body.data.pipelines[0]?.id ?? "";
  const boards = await Promise.all(
    [url, ...nodes].map((each) => new BoardClient(each, cookie, pipelineId).open()),
  );
  onTestFinished(() => boards.forEach((board) => board.close()));
  for (const node of nodes) {
    const contact = [...(boards[0]?.contacts.values() ?? [])][nodes.indexOf(node)];
    const body = { contact_id: contact?.id, value: 12_345 };
    const { body: changed } = await call<{ seq: number }>(node, "PATCH", "/contact/contact-status", {
      token,
      body,
    });
    await eventually(() => {
      for (const board of boards) expect(board.seq).toBeGreaterThanOrEqual(changed.data.seq);
    });
  }
  boards.forEach((board) => board.close());
  await running.end("SIGTERM");
  expect(running.process.exitCode).toBe(0);
  for (const address of [url, ...nodes]) await expect(fetch(`${address}/healthz`)).rejects.toThrow();
});

test("[SP13] a command that is killed leaves no process behind, and started again holds what was acknowledged", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "dmtracker-test-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const before = await startClusterCommand(dataDir, { NODES: "2" });
  const token = before.one("token");
  const { body } = await call<{ contacts: { id: string }[] }>(before.one("url"), "GET", "/contacts?limit=1", {
    token,
  });
  const contact_id = body.data.contacts[0]?.id ?? "";
  const { status } = await call(before.one("url"), "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id, value: 54_321 },
  });
  expect(status).toBe(200);
  // Written by the database process while it serves, and removed when it has ended in order.
  const isServed = () => existsSync(join(dataDir, "mongo", "connection-string"));
  expect(isServed()).toBe(true);
  await before.running.end("SIGKILL");
  await eventually(async () => {
    for (const node of before.all("node")) await expect(fetch(`${node}/healthz`)).rejects.toThrow();
    expect(isServed()).toBe(false);
  }, 20_000);
  const after = await startClusterCommand(dataDir, { NODES: "1" });
  const found = await call<{ contact: { value: number } }>(
    after.one("url"),
    "GET",
    `/contacts/${contact_id}`,
    { token },
  );
  expect(found.body.data.contact.value).toBe(54_321);
});

test("[SP13] Redis ends with whoever started it, even when that one is killed", async () => {
  const programs = pathToFileURL(join(ROOT, "server/cluster/programs.ts")).href;
  const starter = await startProgram({
    command: process.execPath,
    args: [
      "--input-type=module",
      "--eval",
      `import { placeForRedis, startRedis } from ${JSON.stringify(programs)};
       const place = await placeForRedis("word");
       await startRedis(place);
       console.log("port: " + place.port);`,
    ],
    ready: /^port: \d+\n/m,
  });
  const port = Number(/\d+/.exec(starter.printed())?.[0]);
  const isThere = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false)).once("connect", () => socket.destroy());
    });
  expect(await isThere()).toBe(true);
  await starter.end("SIGKILL");
  await eventually(async () => expect(await isThere()).toBe(false), 10_000);
});
