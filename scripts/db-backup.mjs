// `npm run backup -- --dir data/mongo --to backups/monday.sqlite`: a whole, checked copy of the built-in database.
// A running one is asked to write it and works on meanwhile; one that is not running is copied here.
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { MongoClient } from "mongodb";

const { values } = parseArgs({
  options: { dir: { type: "string", default: "data/mongo" }, to: { type: "string" } },
});

async function askRunning(url, to) {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });
  try {
    await client.connect();
  } catch {
    // The process that left the connection string behind was killed.
    return false;
  }
  try {
    await client.db("admin").command({ backup: 1, to });
    return true;
  } finally {
    await client.close();
  }
}

async function copyFile(file, to) {
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    await backup(db, to);
  } finally {
    db.close();
  }
}

function check(file) {
  const db = new DatabaseSync(file);
  const { integrity_check: verdict } = db.prepare("PRAGMA integrity_check").get();
  db.close();
  if (verdict !== "ok") throw new Error(`the copy is damaged: ${verdict}`);
}

try {
  if (!values.to) throw new Error("say where: --to <file that does not exist yet>");
  const to = resolve(values.to);
  const file = join(values.dir, "data.sqlite");
  if (!existsSync(file)) throw new Error(`there is no database in ${values.dir}`);
  if (existsSync(to)) throw new Error(`${to} exists already`);
  mkdirSync(dirname(to), { recursive: true });
  const note = join(values.dir, "connection-string");
  const isDone = existsSync(note) && (await askRunning(readFileSync(note, "utf8").trim(), to));
  if (!isDone) await copyFile(file, to);
  check(to);
  console.log(`${to}: ${statSync(to).size} bytes, checked`);
} catch (error) {
  console.error(`No backup: ${error.message}`);
  process.exitCode = 1;
}
