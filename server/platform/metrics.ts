import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const MISSED = [0, 1, 10, 50, 100, 250, 500, 1_000];

/** How a catch-up was answered: nothing was missed, the missed events, or the word that a snapshot is needed. */
export type CatchUpOutcome = "current" | "events" | "snapshot";

export type Metrics = ReturnType<typeof createMetrics>;

/** What an operator watches, in the words of the product. Names are part of the interface: dashboards rest on them. */
export function createMetrics() {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });

  const batchSize = new Histogram({
    name: "dmtracker_commit_batch_size",
    help: "Changes that shared one commit",
    buckets: BATCH_SIZES,
    registers,
  });
  const commitSeconds = new Histogram({
    name: "dmtracker_commit_seconds",
    help: "From taking a batch out of its queue until it is committed, lost races included",
    buckets: SECONDS,
    registers,
  });
  const broadcastSeconds = new Histogram({
    name: "dmtracker_broadcast_seconds",
    help: "From the commit until its events are handed to every connection of this process",
    buckets: SECONDS,
    registers,
  });
  const lostRaces = new Counter({
    name: "dmtracker_commit_lost_races_total",
    help: "Commits that were decided again because another process was faster",
    registers,
  });
  const refused = new Counter({
    name: "dmtracker_changes_refused_total",
    help: "Changes that were refused, by error code",
    labelNames: ["code"],
    registers,
  });
  const catchUps = new Counter({
    name: "dmtracker_catch_ups_total",
    help: "Boards that were joined, by how they were brought up to date",
    labelNames: ["outcome"],
    registers,
  });
  const missed = new Histogram({
    name: "dmtracker_catch_up_events",
    help: "Events that a client had missed when it caught up",
    buckets: MISSED,
    registers,
  });

  return {
    contentType: registry.contentType,
    print: (): Promise<string> => registry.metrics(),
    committed(changes: number, seconds: number): void {
      batchSize.observe(changes);
      commitSeconds.observe(seconds);
    },
    broadcast: (seconds: number): void => broadcastSeconds.observe(seconds),
    lostRace: (): void => lostRaces.inc(),
    refused: (code: string): void => refused.inc({ code }),
    caughtUp(outcome: CatchUpOutcome, events: number): void {
      catchUps.inc({ outcome });
      if (outcome !== "snapshot") missed.observe(events);
    },
    /** Read when somebody asks, so that keeping them costs nothing. */
    watch(sources: Record<"connections" | "rooms" | "queued" | "apart", () => number>): void {
      const gauge = (name: string, help: string, read: () => number) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read());
          },
        });
      gauge("dmtracker_connections", "Open live connections of this process", sources.connections);
      gauge("dmtracker_commit_queue_depth", "Changes that wait for a commit", sources.queued);
      gauge("dmtracker_nodes_apart", "1 while the other processes cannot be heard, else 0", sources.apart);
      gauge("dmtracker_rooms", "Rooms that those connections are in", sources.rooms);
    },
  };
}
