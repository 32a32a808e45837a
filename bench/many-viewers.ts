// P8, P12: what one more viewer costs, in bytes and in time.
import { connect, credentialsOf, emitTo, timesToLastViewer, watchFloor } from "./client.ts";
import { atMost, median, ms, printTable, times, type Row } from "./measure.ts";
import { startFloor, startProduct } from "./processes.ts";

const COUNTS = [50, 200, 1_000, 2_000];
const COUNTED_FOR_MEMORY = 1_000;
const ROUNDS = 3;
const CALLS = 30;

const floor = await startFloor();
const product = await startProduct();
const floorUrl = floor.printed.url ?? "";
const client = await connect(product.printed.url ?? "", credentialsOf(product.printed));
const emit = emitTo(floorUrl);
const rows: Row[] = [];
const base: { floor: number; product: number }[] = [];

for (const count of COUNTS) {
  const [floorEmpty, productEmpty] = [await floor.memory(), await product.memory()];
  const floorViewers = await watchFloor(floorUrl, count);
  const productViewers = await client.watch(count);
  await timesToLastViewer([productViewers], () => client.patch(), 5);
  const perFloorViewer = ((await floor.memory()) - floorEmpty) / count / 1_024;
  const perViewer = ((await product.memory()) - productEmpty) / count / 1_024;
  const [floorTimes, productTimes]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    floorTimes.push(...(await timesToLastViewer([floorViewers], emit, CALLS)));
    productTimes.push(...(await timesToLastViewer([productViewers], () => client.patch(), CALLS)));
  }
  floorViewers.close();
  productViewers.close();
  const taken = { floor: median(floorTimes), product: median(productTimes) };
  base.push(taken);
  const [first = taken] = base;
  const isJudged = count === COUNTED_FOR_MEMORY;
  const growth = taken.product / first.product / (taken.floor / first.floor);
  rows.push({
    ...(isJudged && { id: "P12" }),
    row: `PATCH to the last of ${count} viewers, p50`,
    floor: `${ms(taken.floor)} (${times(taken.floor / first.floor)} of ${COUNTS[0]})`,
    product: `${ms(taken.product)} (${times(taken.product / first.product)} of ${COUNTS[0]})`,
    ...(isJudged ? atMost(growth, 1.2) : { ratio: times(growth), target: "" }),
  });
  if (isJudged)
    rows.push({
      id: "P8",
      row: `memory of each of ${count} viewers, of the server's process`,
      floor: `${perFloorViewer.toFixed(1)} KiB`,
      product: `${perViewer.toFixed(1)} KiB`,
      ...atMost(perViewer / perFloorViewer, 1.5),
    });
}
printTable("Viewers of one board. Floor: bare Socket.IO. Ratio: the product's growth by the floor's.", rows);
await Promise.all([floor.stop(), product.stop()]);
process.exit(0);
