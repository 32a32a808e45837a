// A process of its own that calls one door as fast as it answers; see loadByHttp.
import autocannon from "autocannon";

export type HttpLoad = {
  url: string;
  path: string;
  headers: Record<string, string>;
  /** Every call changes the next of these contacts; none: the body is empty. */
  contactIds: readonly string[];
  connections: number;
  seconds: number;
  /** Calls per second, all connections together; left out: as many as are answered. */
  rate?: number;
};

export type HttpLoadResult = { requestsPerSecond: number; p50: number; p99: number };

const load = JSON.parse(process.argv[2] ?? "{}") as HttpLoad;
let calls = 0;

const { duration, latency, ...counts } = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  ...(load.rate && { overallRate: load.rate }),
  requests: [
    {
      method: "PATCH",
      path: load.path,
      headers: load.headers,
      setupRequest(request) {
        calls += 1;
        const contact_id = load.contactIds[calls % load.contactIds.length];
        return { ...request, body: contact_id ? JSON.stringify({ contact_id, value: calls }) : "{}" };
      },
    },
  ],
});
const failed = counts.non2xx + counts.errors + counts.timeouts;
if (failed > 0) throw new Error(`${failed} calls failed`);
const result: HttpLoadResult = {
  requestsPerSecond: counts["2xx"] / duration,
  p50: latency.p50,
  p99: latency.p99,
};
console.log(JSON.stringify(result));
