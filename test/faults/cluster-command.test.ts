import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
