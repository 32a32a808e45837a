import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startEmbeddedMongo } from "@dmtracker/server/embedded-mongo/start.ts";
import { Decimal128, Double, Long, MongoClient, ObjectId } from "mongodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf } from "./support.ts";

const PATH_OF = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const run = promisify(execFile);

let dir: string;
const endings: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dmt-data-"));
});
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  rmSync(dir, { recursive: true, force: true });
});

async function startOnPort(
  where: string,
): Promise<{ child: ChildProcess; url: string; end: () => Promise<void> }> {
  const child = spawn(
    process.execPath,
    [PATH_OF("server/embedded-mongo/main.ts"), "--dir", where, "--port", "0"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  };
  endings.push(end);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: line.toString().trim(), end };
}

async function clientOf(url: string): Promise<MongoClient> {
  const client = await MongoClient.connect(url, { serverSelectionTimeoutMS: 3000 });
  endings.push(() => client.close());
  return client;
}

function runScript(name: string, ...options: string[]) {
  return run(process.execPath, [PATH_OF(`scripts/${name}.mjs`), ...options], { cwd: PATH_OF("") });
}

describe("a database in a process of its own", () => {
  test("lets in who knows the credential, the same after a restart, and nobody else", async () => {
    const first = await startOnPort(dir);
    expect(first.url).toMatch(/^mongodb:\/\/dmtracker:[0-9a-f]{48}@127\.0\.0\.1:\d+\/\?/);
    expect(statSync(join(dir, "credential.json")).mode & 0o077).toBe(0);
    const [one, two] = [await clientOf(first.url), await clientOf(first.url)];
    await one.db("x").collection("a").insertOne({ n: 1 });
    expect(await two.db("x").collection("a").countDocuments({ n: 1 })).toBe(1);
    await one.withSession((session) =>
      session.withTransaction(() =>
        two
          .db("y")
          .collection("b")
          .insertOne({ n: 2 })
          .then(() => undefined),
      ),
    );
    const wrong = first.url.replace(/dmtracker:[0-9a-f]/, "dmtracker:x");
    expect(await codeOf(MongoClient.connect(wrong))).toBe(18);
    const stranger = await clientOf(first.url.replace(/\/\/.*@/, "//").replace(/&authMechanism.*/, ""));
    expect(await codeOf(stranger.db("x").collection("a").findOne({}))).toBe(13);
    expect(await codeOf(stranger.db("x").command({ nonsense: 1 }))).toBe(13);
    await first.end();
    const second = await startOnPort(dir);
    const password = (url: string) => /:([0-9a-f]{48})@/.exec(url)![1];
    expect(password(second.url)).toBe(password(first.url));
    expect(await (await clientOf(second.url)).db("x").collection("a").countDocuments()).toBe(1);
  });
});

describe("a backup", () => {
  test("is whole although everything goes on, and starts in an empty folder", async () => {
    const { url } = await startOnPort(dir);
    const client = await clientOf(url);
    const accounts = client.db("bank").collection<{ _id: string; balance: number }>("accounts");
    const entries = client.db("bank").collection<{ _id: number; text: string }>("entries");
    await accounts.insertMany(["a", "b"].map((_id) => ({ _id, balance: 0 })));
    await entries.insertMany(Array.from({ length: 3000 }, (_, _id) => ({ _id, text: "x".repeat(900) })));
    const state = { isDone: false, writes: 3000 };
    const write = async () => {
      while (!state.isDone) {
        const _id = state.writes++;
        await client.withSession((session) =>
          session.withTransaction(async () => {
            await accounts.updateOne({ _id: "a" }, { $inc: { balance: -1 } }, { session });
            await accounts.updateOne({ _id: "b" }, { $inc: { balance: 1 } }, { session });
            await entries.insertOne({ _id, text: "y".repeat(900) }, { session });
          }),
        );
      }
    };
    const writers = [write(), write()];
    const to = join(dir, "backups", "monday.sqlite");
    const { stdout } = await runScript("db-backup", "--dir", dir, "--to", to);
    expect(stdout).toMatch(/checked/);
    state.isDone = true;
    await Promise.all(writers);
    await expect(runScript("db-backup", "--dir", dir, "--to", to)).rejects.toThrow(/exists already/);

    const restored = mkdtempSync(join(tmpdir(), "dmt-data-"));
    copyFileSync(to, join(restored, "data.sqlite"));
    const second = await startEmbeddedMongo({ dir: restored });
    endings.push(() => second.stop().then(() => rmSync(restored, { recursive: true })));
    const db = (await clientOf(second.url)).db("bank");
    const kept = await db.collection("accounts").find().sort({ _id: 1 }).toArray();
    const transfers = (await db.collection("entries").countDocuments()) - 3000;
    expect(kept.map(({ balance }) => balance as number)).toEqual([
      transfers === 0 ? 0 : -transfers,
      transfers,
    ]);
    expect(await db.command({ validate: "entries" })).toMatchObject({ valid: true });
  });

  test("of a database that does not run, or was killed, is made just so", async () => {
    const mongo = await startEmbeddedMongo({ dir });
    const client = await MongoClient.connect(mongo.url);
    await client.db("x").collection("a").insertOne({ n: 1 });
    await client.close();
    await mongo.stop();
    writeFileSync(join(dir, "connection-string"), mongo.url);
    const to = join(dir, "b.sqlite");
    await runScript("db-backup", "--dir", dir, "--to", to);
    expect(statSync(to).size).toBeGreaterThan(10_000);
    await expect(runScript("db-backup", "--dir", join(dir, "nowhere"), "--to", to)).rejects.toThrow(
      /no database/,
    );
  });
});

test("the built-in database starts in a process that Node starts anew whenever a file changes", async () => {
  const { stdout } = await run(
    process.execPath,
    [
      "--eval",
      `import(${JSON.stringify(PATH_OF("server/embedded-mongo/start.ts"))})
        .then(({ startEmbeddedMongo }) => startEmbeddedMongo({}))
        .then(({ url, stop }) => stop().then(() => console.log(url)));`,
    ],
    // What `node --watch` gives to its child: threads tell then what they import.
    { env: { ...process.env, WATCH_REPORT_DEPENDENCIES: "1" } },
  );
  expect(stdout).toMatch(/^mongodb:/m);
});

test("a copy from one server to another has every document with its types, and every index", async () => {
  const source = await startEmbeddedMongo({});
  endings.push(() => source.stop());
  const { url } = await startOnPort(dir);
  const [from, to] = [await clientOf(source.url), await clientOf(url)];
  const docs = Array.from({ length: 2500 }, (_, _id) => ({
    _id: _id as never,
    n: _id % 2 === 0 ? new Double(_id) : Long.fromNumber(_id),
    price: Decimal128.fromString("1.10"),
    owner: new ObjectId(),
    at: new Date(_id),
    k: `k${_id}`,
  }));
  await from.db("shop").collection("rows").insertMany(docs);
  await from
    .db("shop")
    .collection("rows")
    .createIndexes([
      { key: { k: 1 }, unique: true },
      { key: { at: 1 }, expireAfterSeconds: 1e9 },
      { key: { n: -1, k: 1 }, partialFilterExpression: { n: { $gt: 5 } } },
    ]);
  await runScript("db-copy", "--from", source.url, "--to", url);
  const raw = async (client: MongoClient) => {
    const found = await client
      .db("shop")
      .collection("rows")
      .find({}, { raw: true })
      .sort({ _id: 1 })
      .toArray();
    return found.map((bytes) => (bytes as unknown as Buffer).toString("hex"));
  };
  expect(await raw(to)).toEqual(await raw(from));
  expect(await to.db("shop").collection("rows").indexes()).toEqual(
    await from.db("shop").collection("rows").indexes(),
  );
  await expect(runScript("db-copy", "--from", source.url, "--to", url)).rejects.toThrow(/there already/);
  await runScript("db-copy", "--from", url, "--to", source.url, "--overwrite");
  expect(await raw(from)).toEqual(await raw(to));
});
