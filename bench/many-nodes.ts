// P4: two processes with Redis against one; half of the viewers on each.
import { connect, credentialsOf, timesToLastViewer } from "./client.ts";
import { atMost, median, ms, percentile, printTable } from "./measure.ts";
import { startDatabase, startProduct, startRedis } from "./processes.ts";

const VIEWERS = 200;
const ROUNDS = 4;
const CALLS = 80;

const redis = await startRedis();
if (!redis) {
  console.log("P4 is left out: there is no redis-server on this machine");
  process.exit(0);
}
const database = await startDatabase();
const shared = {
  MONGODB_URL: database.url,
  REDIS_URL: redis.url,
  AUTH_SECRET: "a secret that is only good for measuring, nothing else",
};
const one = await startProduct();
const first = await startProduct(shared);
const second = await startProduct({ ...shared, DEMO: "0" });
const alone = await connect(one.printed.url ?? "", credentialsOf(one.printed));
const here = await connect(first.printed.url ?? "", credentialsOf(first.printed));
const there = await connect(second.printed.url ?? "", credentialsOf(first.printed));
const aloneViewers = [await alone.watch(VIEWERS)];
const spreadViewers = [await here.watch(VIEWERS / 2), await there.watch(VIEWERS / 2)];

const [aloneTimes, spreadTimes]: [number[], number[]] = [[], []];
for (let round = 0; round <= ROUNDS; round += 1) {
  const some = await timesToLastViewer(aloneViewers, () => alone.patch(), CALLS);
  const others = await timesToLastViewer(spreadViewers, () => here.patch(), CALLS);
  // The first round warms both up.
  if (round === 0) continue;
  aloneTimes.push(...some);
  spreadTimes.push(...others);
}
const ratio = median(spreadTimes) / median(aloneTimes);
printTable("Two processes, Redis and the built-in database as a server. Floor: the product as one process.", [
  {
    id: "P4",
    row: `PATCH to the last of ${VIEWERS} viewers on both, p50`,
    floor: `${ms(median(aloneTimes))}, p99 ${ms(percentile(aloneTimes, 0.99))}`,
    product: `${ms(median(spreadTimes))}, p99 ${ms(percentile(spreadTimes, 0.99))}`,
    ...atMost(ratio, 1.6),
  },
]);
for (const running of [...aloneViewers, ...spreadViewers]) running.close();
for (const running of [one, first, second, database, redis]) await running.stop();
process.exit(0);
