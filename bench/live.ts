// P1-P3: one change to everybody who looks on, and as many changes as there is room for.
import { connect, credentialsOf, emitTo, timesToLastViewer, watchFloor } from "./client.ts";
import { atLeast, atMost, median, ms, percentile, printTable, times, type Row } from "./measure.ts";
import { loadByHttp, startFloor, startProduct } from "./processes.ts";
import type { Viewers } from "./viewers.ts";

const VIEWERS = 200;
const ROUNDS = 4;
const CALLS = 100;
const LOAD_ROUNDS = 3;
const LOAD_SECONDS = 4;
const LOAD_CONNECTIONS = 128;
/** Planka 2 measured beside the same floor (1.26 ms and 706 requests/s): 14 ms and 113 requests/s. */
const PLANKA = { times: 14 / 1.26, share: 113 / 706 };

const floor = await startFloor();
const product = await startProduct();
const floorUrl = floor.printed.url ?? "";
const client = await connect(product.printed.url ?? "", credentialsOf(product.printed));
const emit = emitTo(floorUrl);
const floorViewers = await watchFloor(floorUrl, VIEWERS);
const productViewers = await client.watch(VIEWERS);

const [floorTimes, productTimes]: [number[], number[]] = [[], []];
for (let round = 0; round <= ROUNDS; round += 1) {
  const some = await timesToLastViewer([floorViewers], emit, CALLS);
  const others = await timesToLastViewer([productViewers], () => client.patch(), CALLS);
  // The first round warms both up.
  if (round === 0) continue;
  floorTimes.push(...some);
  productTimes.push(...others);
}

async function load(
  viewers: Viewers,
  { url, path, contactIds }: { url: string; path: string; contactIds: readonly string[] },
): Promise<{ requests: number; deliveries: number }> {
  const before = viewers.delivered;
  const { requestsPerSecond } = await loadByHttp({
    url,
    path,
    contactIds,
    headers: client.headers,
    connections: LOAD_CONNECTIONS,
    seconds: LOAD_SECONDS,
  });
  return { requests: requestsPerSecond, deliveries: (viewers.delivered - before) / LOAD_SECONDS };
}
type Load = Awaited<ReturnType<typeof load>>;
const [floorLoads, productLoads]: [Load[], Load[]] = [[], []];
for (let round = 0; round < LOAD_ROUNDS; round += 1) {
  floorLoads.push(await load(floorViewers, { url: floorUrl, path: "/emit", contactIds: [] }));
  productLoads.push(
    await load(productViewers, {
      url: client.url,
      path: "/api/v1/contact/contact-status",
      contactIds: client.contactIds,
    }),
  );
}
floorViewers.close();
productViewers.close();

const requests = (loads: Load[]) => median(loads.map((one) => one.requests));
const deliveries = (loads: Load[]) => median(loads.map((one) => one.deliveries));
const p50 = median(productTimes) / median(floorTimes);
const p99 = percentile(productTimes, 0.99) / percentile(floorTimes, 0.99);
const share = requests(productLoads) / requests(floorLoads);
const rows: Row[] = [
  {
    id: "P1",
    row: `PATCH to the last of ${VIEWERS} viewers, p50`,
    floor: ms(median(floorTimes)),
    product: ms(median(productTimes)),
    ...atMost(p50, 2.5),
  },
  {
    id: "P1",
    row: "the same, p99",
    floor: ms(percentile(floorTimes, 0.99)),
    product: ms(percentile(productTimes, 0.99)),
    ...atMost(p99, 2.5),
  },
  {
    id: "P1",
    row: "faster than Planka's rename, p50",
    floor: `Planka ${times(PLANKA.times)} of the floor`,
    product: `${times(p50)} of the floor`,
    ...atLeast(PLANKA.times / p50, 4),
  },
  {
    id: "P2",
    row: `PATCH requests/s, one pipeline, ${VIEWERS} viewers`,
    floor: requests(floorLoads).toFixed(0),
    product: requests(productLoads).toFixed(0),
    ...atLeast(share, 2.5),
  },
  {
    id: "P2",
    row: "against Planka's renames/s",
    floor: `Planka ${times(PLANKA.share)} of the floor`,
    product: `${times(share)} of the floor`,
    ...atLeast(share / PLANKA.share, 15),
  },
  {
    id: "P3",
    row: "deliveries/s under that load",
    floor: deliveries(floorLoads).toFixed(0),
    product: deliveries(productLoads).toFixed(0),
    ...atLeast(deliveries(productLoads) / deliveries(floorLoads), 3),
  },
];
printTable(
  "Changes. Floor: Express + Socket.IO that saves nothing. Product: built-in database, full durability.",
  rows,
);
await Promise.all([floor.stop(), product.stop()]);
process.exit(0);
