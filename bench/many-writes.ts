// How an answer's time grows with the writes per second, and what many boards of one process share.
import { connect, credentialsOf } from "./client.ts";
import { printTable, type Row } from "./measure.ts";
import { loadByHttp, startProduct } from "./processes.ts";

const VIEWERS = 200;
const RATES = [10, 100, 300, 1_000];
const BOARDS = [1, 6, 18];
const CONNECTIONS = 128;
const SECONDS = 4;
const PATH = "/api/v1/contact/contact-status";

const product = await startProduct();
const client = await connect(product.printed.url ?? "", credentialsOf(product.printed));
const rows: Row[] = [];
const call = {
  url: client.url,
  path: PATH,
  headers: client.headers,
  connections: CONNECTIONS,
  seconds: SECONDS,
};

const viewers = await client.watch(VIEWERS);
await loadByHttp({ ...call, contactIds: client.contactIds });
for (const rate of RATES) {
  const { requestsPerSecond, p50, p99 } = await loadByHttp({ ...call, contactIds: client.contactIds, rate });
  rows.push({
    row: `${rate} PATCH/s on one board of ${VIEWERS} viewers`,
    floor: "",
    product: `${requestsPerSecond.toFixed(0)}/s, answered after p50 ${p50} ms, p99 ${p99} ms`,
    ratio: "",
    target: "",
  });
}
viewers.close();

const boards: { pipelineId: string; contactId: string }[] = [];
for (const count of BOARDS) {
  while (boards.length < count) boards.push(await client.addPipeline(`Board ${boards.length}`));
  // As many eyes in all, spread over the boards.
  const watched = await Promise.all(
    boards.map(({ pipelineId }) => client.watch(Math.round(VIEWERS / count), pipelineId)),
  );
  const contactIds = boards.map(({ contactId }) => contactId);
  const { requestsPerSecond, p50, p99 } = await loadByHttp({ ...call, contactIds });
  for (const some of watched) some.close();
  rows.push({
    row: `${count} ${count === 1 ? "board" : "boards"}, ${VIEWERS} viewers in all, as fast as it goes`,
    floor: "",
    product: `${requestsPerSecond.toFixed(0)} PATCH/s, answered after p50 ${p50} ms, p99 ${p99} ms`,
    ratio: "",
    target: "",
  });
}
printTable("More writes, more boards: one process on the built-in database.", rows);
await product.stop();
process.exit(0);
