import { readFile } from "node:fs/promises";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { healthRoutes } from "@dmtracker/server/platform/health.ts";
import { createMetrics } from "@dmtracker/server/platform/metrics.ts";
import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const asApi = { type: "api" as const, id: "t", name: "load" };

/** One figure of a metrics page. */
const figure = (page: string, name: string): number =>
  Number(
    page
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")
      .at(-1),
  );

test("[OB1] the metrics tell what was committed, refused, broadcast and caught up", async () => {
  const { id: organizationId, pipeline, owner } = await server.anOrganization();
  const read = async () => (await fetch(`${server.url}/metrics`)).text();
  const before = await read();
  const client = await new BoardClient(server.url, owner.cookie, pipeline.id).open();
  const { contactId } = await createContact(server.context, {
    organizationId,
    pipelineId: pipeline.id,
    actor: asApi,
    contact: { username: "kim", source: "api" },
  });
  const nowhere = { organizationId, contactId, actor: asApi, change: { stageId: "0".repeat(24) } };
  await expect(changeContact(server.context, nowhere)).rejects.toMatchObject({ code: "unknown_stage" });
  const after = await read();
  const grown = (name: string) => figure(after, name) - (figure(before, name) || 0);
  expect(grown("dmtracker_commit_batch_size_sum")).toBe(2);
  expect(grown("dmtracker_broadcast_seconds_count")).toBe(1);
  expect(grown('dmtracker_changes_refused_total{code="unknown_stage"}')).toBe(1);
  expect(grown('dmtracker_catch_ups_total{outcome="snapshot"}')).toBe(1);
  expect(grown("dmtracker_connections")).toBe(1);
  expect(figure(after, "dmtracker_commit_queue_depth")).toBe(0);
  expect(figure(after, "nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
  client.close();
});

test("[OB2] with a token only its bearer sees the metrics, without one only this machine, directly", async () => {
  const listen = async (metricsToken: string | undefined, isStopping = false) => {
    const app = express();
    app.use(healthRoutes({ metrics: createMetrics(), metricsToken, isStopping: () => isStopping }));
    const http = createServer(app).listen(0, "127.0.0.1");
    onTestFinished(() => void http.close());
    await new Promise((resolve) => http.once("listening", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    return async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(url + path, { headers })).status;
  };
  const open = await listen(undefined);
  expect(await open("/metrics")).toBe(200);
  expect(await open("/metrics", { "x-forwarded-for": "203.0.113.7" })).not.toBe(200);
  const locked = await listen("a long enough secret");
  expect(await locked("/metrics")).not.toBe(200);
  expect(await locked("/metrics", { authorization: "Bearer wrong" })).not.toBe(200);
  expect(await locked("/metrics", { authorization: "Bearer a long enough secret" })).toBe(200);
  expect(await open("/readyz")).toBe(200);
  const stopping = await listen(undefined, true);
  expect([await stopping("/healthz"), await stopping("/readyz")]).toEqual([200, 503]);
});

test("[OB1] every figure that the dashboard draws is one that the process tells", async () => {
  const dashboard = await readFile(new URL("../../docs/grafana-dashboard.json", import.meta.url), "utf8");
  const drawn = new Set(dashboard.match(/\b(?:dmtracker|nodejs|process)_[a-z0-9_]+/g));
  const told = await (await fetch(`${server.url}/metrics`)).text();
  expect(drawn.size).toBeGreaterThan(10);
  const unknown = [...drawn].filter((name) => {
    const family = name.replace(/_(?:bucket|sum|count)$/, "");
    return !told.includes(`# TYPE ${name} `) && !told.includes(`# TYPE ${family} `);
  });
  expect(unknown).toEqual([]);
});
