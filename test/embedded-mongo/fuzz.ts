import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Binary, type Document, Long, MongoClient } from "mongodb";
import { type Random, aRandom } from "./random.ts";
import { messageOf, socketPathOf } from "./raw-client.ts";

const MAIN = new URL("../../server/embedded-mongo/main.ts", import.meta.url).pathname;
const AT_ONCE = 20;
const MAX_RESIDENT_BYTES = 1_500_000_000;

export type FuzzResult = { messages: number; answers: number; faults: string[] };

/** Sends damaged, senseless and greedy messages to a server of its own, and looks now and then whether it is well. */
export async function runFuzz(options: { seconds: number; seed: number }): Promise<FuzzResult> {
  const result: FuzzResult = { messages: 0, answers: 0, faults: [] };
  const child = spawn(process.execPath, [MAIN], { stdio: ["ignore", "pipe", "inherit"] });
  child.once("exit", (code, signal) => result.faults.push(`the process ended: ${String(code ?? signal)}`));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  const client = await MongoClient.connect(url);
  const kept = client.db("kept").collection<{ _id: number; text: string }>("rows");
  await kept.insertMany(Array.from({ length: 50 }, (_, _id) => ({ _id, text: `text ${_id}` })));
  const before = await kept.find().toArray();
  const random = aRandom(options.seed);
  const end = performance.now() + options.seconds * 1000;
  while (performance.now() < end && result.faults.length === 0) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => sendOne(url, aMessage(random), result)));
    if (result.messages % (AT_ONCE * 10) !== 0) continue;
    const status = await client.db("admin").command({ serverStatus: 1 });
    const { resident } = status["mem"] as { resident: number };
    if (resident * 2 ** 20 > MAX_RESIDENT_BYTES) result.faults.push(`${resident} MB are in use`);
    if (JSON.stringify(await kept.find().toArray()) !== JSON.stringify(before))
      result.faults.push("documents changed");
  }
  await client.close();
  child.removeAllListeners("exit");
  child.kill("SIGTERM");
  return result;
}

/** Ends with an answer, with the end of the connection, or after a while. */
async function sendOne(url: string, message: Buffer, result: FuzzResult): Promise<void> {
  const socket: Socket = connect(socketPathOf(url));
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const answered = new Promise<void>((resolve) =>
    socket.once("data", () => {
      result.answers++;
      resolve();
    }),
  );
  socket.write(message);
  result.messages++;
  await Promise.race([closed, answered, delay(isWhole(message) ? 400 : 20)]);
  socket.destroy();
}

function isWhole(message: Buffer): boolean {
  return message.length >= 16 && message.readInt32LE(0) === message.length;
}

function aMessage(random: Random): Buffer {
  if (random(20) === 0) return Buffer.from(Array.from({ length: random(200) }, () => random(256)));
  const message = messageOf(aCommand(random), random(10) === 0 ? random(4) : 0);
  if (random(3) === 0) return message;
  for (let i = 0; i <= random(4); i++) {
    const at = random(5) === 0 ? random(16) : 16 + random(message.length - 16);
    message[at] = random(3) === 0 ? random(256) : message[at]! ^ (1 << random(8));
  }
  return random(6) === 0 ? message.subarray(0, random(message.length)) : message;
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

const NAMES = [
  "a",
  "b",
  "a.b",
  "a.0",
  "a.$",
  "a.$[]",
  "a.$[x]",
  "",
  "$",
  "_id",
  "__proto__",
  "a..b",
  "$$ROOT",
  "x".repeat(300),
];
const QUERY =
  "$eq $ne $gt $gte $lt $lte $in $nin $exists $type $regex $options $size $mod $all $elemMatch $not $and $or $nor $expr".split(
    " ",
  );
const UPDATE =
  "$set $unset $inc $mul $min $max $rename $setOnInsert $currentDate $push $addToSet $pull $pullAll $pop $each $slice $position $sort".split(
    " ",
  );
const STAGES =
  "$match $sort $skip $limit $project $addFields $unset $unwind $group $count $lookup $facet $replaceRoot $replaceWith".split(
    " ",
  );
const EXPRESSIONS =
  "$literal $eq $ne $gt $lte $cmp $and $or $not $cond $switch $ifNull $add $subtract $multiply $divide $concat $toLower $type $toString $toObjectId $size $in $isArray $arrayElemAt $first $last $concatArrays $map $filter $mergeObjects $sum $avg $min $max $let $dateToString".split(
    " ",
  );
const ALL = [...QUERY, ...UPDATE, ...EXPRESSIONS];

function aValue(random: Random, depth = 0): unknown {
  const kind = random(depth > 5 ? 9 : 14);
  if (kind === 0) return null;
  if (kind === 1) return random(5) - 2;
  if (kind === 2) return pick(random, [NaN, Infinity, -0, 1e300, 2 ** 31, 2 ** 53, 1e9, 0.1]);
  if (kind === 3) return Long.fromBits(random(2 ** 31), random(2 ** 31));
  if (kind === 4)
    return pick(random, ["", "a", "$a", "$$x", "$$ROOT", "(a+)+$", "x".repeat(random(2000)), "2024-01-01"]);
  if (kind === 5) return random(2) === 0;
  if (kind === 6) return new Date(random(2 ** 31));
  if (kind === 7) return pick(random, [/^(a+)+$/i, /(?=a)(a*)*b/, /x/m]);
  if (kind === 8) return new Binary(Buffer.alloc(random(20)), random(6));
  if (kind < 11) return Array.from({ length: random(4) }, () => aValue(random, depth + 1));
  return aDocument(random, depth + 1, ALL);
}

function aDocument(random: Random, depth: number, operators: readonly string[]): Document {
  // From entries, so that "__proto__" becomes a field like any other.
  return Object.fromEntries(
    Array.from({ length: 1 + random(4) }, () => [
      random(2) === 0 ? pick(random, operators) : pick(random, NAMES),
      aValue(random, depth),
    ]),
  );
}

function aFilter(random: Random): Document {
  const field = pick(random, NAMES);
  return random(3) === 0
    ? aDocument(random, 0, QUERY)
    : { [field]: { [pick(random, QUERY)]: aValue(random) } };
}

function aChange(random: Random): unknown {
  if (random(5) === 0) return [aDocument(random, 0, STAGES)];
  return { [pick(random, UPDATE)]: { [pick(random, NAMES)]: aValue(random) } };
}

function aPipeline(random: Random): unknown[] {
  return Array.from({ length: random(4) }, () => {
    const inner =
      random(2) === 0
        ? aDocument(random, 0, EXPRESSIONS)
        : { x: { [pick(random, EXPRESSIONS)]: aValue(random) } };
    return { [pick(random, STAGES)]: inner };
  });
}

function aCommand(random: Random): Document {
  const name = pick(random, ["fuzz", "fuzz", "other", "system.x", "$cmd"]);
  const session = {
    lsid: { id: new Binary(Buffer.alloc(16, random(5)), 4) },
    txnNumber: Long.fromNumber(random(5)),
  };
  const command = pick<() => Document>(random, [
    () => ({
      insert: name,
      documents: [aDocument(random, 0, NAMES), { a: Array.from({ length: 50 }, (_, i) => i) }],
    }),
    () => ({
      find: name,
      filter: aFilter(random),
      sort: aDocument(random, 4, NAMES),
      limit: aValue(random, 9),
    }),
    () => ({
      find: name,
      filter: aFilter(random),
      projection: aDocument(random, 0, ["$slice", "$elemMatch"]),
    }),
    () => ({
      update: name,
      updates: [{ q: aFilter(random), u: aChange(random), upsert: random(2) === 0, multi: random(2) === 0 }],
    }),
    () => ({ findAndModify: name, query: aFilter(random), update: aChange(random), new: true, upsert: true }),
    () => ({ aggregate: name, pipeline: aPipeline(random), cursor: {} }),
    () => ({ delete: name, deletes: [{ q: aFilter(random), limit: random(2) }] }),
    () => ({ distinct: name, key: pick(random, NAMES), query: aFilter(random) }),
    () => ({ count: name, query: aFilter(random) }),
    () => ({
      createIndexes: name,
      indexes: [{ key: aDocument(random, 9, NAMES), name: "x", unique: random(4) === 0 }],
    }),
    () => ({ dropIndexes: name, index: aValue(random) }),
    () => ({ explain: { find: name, filter: aFilter(random) } }),
    () => ({ getMore: Long.fromNumber(random(5)), collection: name }),
    () => ({ commitTransaction: 1, autocommit: false }),
    () => ({
      [pick(random, [...NAMES, "hello", "backup", "validate", "listCollections", "drop"])]: aValue(random),
    }),
  ])();
  const inTransaction = random(3) === 0 ? { autocommit: false, startTransaction: true } : {};
  return random(4) === 0 ? { ...command, ...session, ...inTransaction } : { ...command, maxTimeMS: 5000 };
}
