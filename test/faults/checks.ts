import { isDeepStrictEqual } from "node:util";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import type { Load } from "./load.ts";
import type { TestCluster } from "./test-cluster.ts";
import type { TestTeam } from "./test-team.ts";

const CONVERGE_LIMIT_MS = 60_000;
/** Clocks of test and database are those of one machine; what is between asking and writing is not the clock's. */
const CLOCK_SLACK_MS = 2_000;

const byId = (contacts: Iterable<Contact>): Contact[] => [...contacts].sort((a, b) => (a.id < b.id ? -1 : 1));

function must(holds: boolean, problem: string): void {
  if (!holds) throw new Error(problem);
}

export async function readLog(url: string, token: string, after = 0): Promise<PipelineEvent[]> {
  const log: PipelineEvent[] = [];
  for (;;) {
    const from = log.at(-1)?.seq ?? after;
    const path = `/events?after=${from}&limit=1000`;
    const { body } = await call<{ events: PipelineEvent[] }>(url, "GET", path, { token });
    if (body.data.events.length === 0) return log;
    log.push(...body.data.events);
  }
}

function foldContacts(log: readonly PipelineEvent[]): Map<string, Contact> {
  const folded = new Map<string, Contact>();
  for (const event of log) {
    const ids = event.contactId ? [event.contactId] : Object.keys(event.after.ranks ?? {});
    for (const id of ids) {
      const contact = applyToContact(folded.get(id), event);
      if (contact) folded.set(id, contact);
    }
  }
  return folded;
}

/** Every acknowledged change is in the log once, under the number it was acknowledged with; nothing else is there. */
function checkAcknowledged(log: readonly PipelineEvent[], load: Load): void {
  must(
    log.every(({ seq }, index) => seq === index + 1),
    "the log has a gap",
  );
  const times = new Map<number, number[]>();
  for (const { after, seq } of log) {
    if (typeof after.value === "number") times.set(after.value, [...(times.get(after.value) ?? []), seq]);
  }
  for (const [value, acknowledged] of load.acknowledged) {
    const seqs = times.get(value) ?? [];
    must(seqs.length === 1, `${value} is ${seqs.length} times in the log, acknowledged as ${acknowledged}`);
    const [seq = 0] = seqs;
    // The answer names the last event of the change; the value may be an earlier one of them.
    must(
      seq <= acknowledged && acknowledged - seq < 3,
      `${value}: logged as ${seq}, answered as ${acknowledged}`,
    );
  }
}

/** What each client shows is what the log says and what a fresh page would load, from any node. */
async function checkConverged(
  cluster: TestCluster,
  team: TestTeam,
  { log, clients }: { log: readonly PipelineEvent[]; clients: readonly BoardClient[] },
): Promise<void> {
  const head = log.at(-1)?.seq ?? 0;
  const truth = byId(foldContacts(log).values());
  await eventually(() => {
    for (const { seq } of clients) must(seq === head, `a client is at ${seq}, the log at ${head}`);
  }, CONVERGE_LIMIT_MS);
  const fresh = await Promise.all(
    cluster.nodes.map(({ url }) => new BoardClient(url, team.cookie, team.pipelineId).open()),
  );
  for (const [index, client] of [...clients, ...fresh].entries()) {
    const shown = byId(client.contacts.values());
    must(isDeepStrictEqual(shown, truth), `client ${index} does not show what the log says`);
    const numbers = client.applied;
    must(
      numbers.every((seq, at) => at === 0 || seq === (numbers[at - 1] ?? 0) + 1) || client.snapshots > 1,
      `client ${index} has applied events out of order or twice`,
    );
  }
  const [first] = fresh;
  if (first) {
    const recounted = log.reduce(applyToPipeline, { ...first.pipeline, seq: 0, totals: {} });
    must(isDeepStrictEqual(recounted.totals, first.pipeline.totals), "the totals are not those of the log");
  }
  for (const client of fresh) client.close();
}

/** No change waits, no socket is left, no room. */
async function checkIdle(cluster: TestCluster): Promise<void> {
  await eventually(async () => {
    for (const node of cluster.nodes) {
      const figures = await node.figures();
      for (const name of ["commit_queue_depth", "connections", "rooms", "nodes_apart"]) {
        const value = figures.get(`dmtracker_${name}`);
        must(value === 0, `${node.url}: ${name} is ${value}`);
      }
    }
  }, CONVERGE_LIMIT_MS);
}

/** Every moment in the log is one of the time in which it was written, whatever a machine's clock says. */
function checkMoments(log: readonly PipelineEvent[], since: number): void {
  for (const { at, seq } of log) {
    const moment = Date.parse(at);
    const isRight = moment >= since - CLOCK_SLACK_MS && moment <= Date.now() + CLOCK_SLACK_MS;
    must(isRight, `event ${seq} is dated ${at}`);
  }
}

/**
 * Ends a load and looks whether everything that must hold holds, whatever has happened meanwhile.
 * @throws Error that names what does not hold
 */
export async function checkAll(
  cluster: TestCluster,
  { team, load, since }: { team: TestTeam; load: Load; since: number },
): Promise<{ changes: number; longestWaitMs: number }> {
  await cluster.allReady();
  await load.end();
  const node = cluster.nodes[0];
  must(node !== undefined, "there is no node");
  const log = await readLog(node?.url ?? "", team.token);
  checkAcknowledged(log, load);
  checkMoments(log, since);
  await checkConverged(cluster, team, { log, clients: load.clients });
  load.close();
  await checkIdle(cluster);
  return { changes: load.acknowledged.size, longestWaitMs: Math.round(load.longestWaitMs) };
}
