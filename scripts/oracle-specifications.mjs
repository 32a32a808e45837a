// Runs the drivers' specifications (unified test format) against the built-in database, with the driver we use.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { EJSON } from "bson";
import { MongoClient } from "mongodb";
import { startEmbeddedMongo } from "../server/embedded-mongo/start.ts";
import { standBefore } from "./oracle-fail-points.mjs";
import { difference, show } from "./oracle-matching.mjs";
import { NotRunnable, runOperation } from "./oracle-operations.mjs";

const FOLDERS = [
  "crud/tests/unified",
  "transactions/tests/unified",
  "transactions-convenient-api/tests/unified",
  "sessions/tests",
  "retryable-writes/tests/unified",
];
const EVENTS = {
  commandStartedEvent: "commandStarted",
  commandSucceededEvent: "commandSucceeded",
  commandFailedEvent: "commandFailed",
};
const SERVER_VERSION = "7.0.0";
const LIMIT_MS = 20_000;

/** Runs every test and returns what became of it: passed, failed, or left out with a reason. */
export async function runSpecifications(folder, filter, reasonOf) {
  const mongo = await startEmbeddedMongo({});
  const socketPath = decodeURIComponent(/^mongodb:\/\/([^/]+)/.exec(mongo.url)[1]);
  const ownPath = join(dirname(socketPath), "px.sock");
  const proxy = await standBefore(socketPath, ownPath);
  const url = mongo.url.replace(encodeURIComponent(socketPath), encodeURIComponent(ownPath));
  const internal = await MongoClient.connect(mongo.url);
  const results = [];
  for (const from of FOLDERS) {
    for (const name of readdirSync(join(folder, "source", from)).filter((file) => file.endsWith(".json"))) {
      const file = EJSON.parse(readFileSync(join(folder, "source", from, name), "utf8"), { relaxed: true });
      for (const test of file.tests) {
        const title = `${from.split("/")[0]}/${name.replace(".json", "")}: ${test.description}`;
        if (!title.includes(filter)) continue;
        const left = unmetRequirement(file) ?? unmetRequirement(test) ?? test.skipReason;
        const reason = left === undefined ? reasonOf(title) : `of another server: ${left}`;
        const problem = reason?.startsWith("of another")
          ? undefined
          : await problemOf({ file, test, url, internal, proxy });
        results.push({ title, reason, problem });
      }
    }
  }
  await internal.close();
  proxy.close();
  await mongo.stop();
  return results;
}

function unmetRequirement({ runOnRequirements }) {
  if (!runOnRequirements) return undefined;
  const unmet = runOnRequirements.map((needs) => {
    if (needs.minServerVersion && compareVersions(SERVER_VERSION, needs.minServerVersion) < 0)
      return `from ${needs.minServerVersion}`;
    if (needs.maxServerVersion && compareVersions(SERVER_VERSION, needs.maxServerVersion) > 0)
      return `up to ${needs.maxServerVersion}`;
    if (needs.topologies && !needs.topologies.includes("replicaset"))
      return `as ${needs.topologies.join(" or ")}`;
    if (needs.serverless === "require") return "as a service";
    if (needs.auth || needs.csfle) return "with users or encryption";
    return undefined;
  });
  return unmet.includes(undefined) ? undefined : unmet.join(", ");
}

function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let i = 0; i < 3; i++) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) - (right[i] ?? 0);
  return 0;
}

async function problemOf(setting) {
  const run = new TestRun(setting);
  let timer;
  const limit = new Promise((resolve) => (timer = setTimeout(() => resolve("it takes too long"), LIMIT_MS)));
  try {
    return await Promise.race([run.problem(), limit]);
  } finally {
    clearTimeout(timer);
    setting.proxy.set({ mode: "off" });
    await run.close();
  }
}

class TestRun {
  entities = new Map();
  events = new Map();
  #clients = [];

  constructor({ file, test, url, internal, proxy }) {
    Object.assign(this, { file, test, url, internal, proxy });
  }

  async problem() {
    try {
      await this.#prepare();
      await this.create(this.file.createEntities ?? []);
      for (const operation of this.test.operations) await this.run(operation);
      for (const expected of this.test.expectEvents ?? []) this.#checkEvents(expected);
      for (const expected of this.test.outcome ?? []) await this.#checkOutcome(expected);
      return undefined;
    } catch (error) {
      return error instanceof NotRunnable ? error.message : `${error.message}`.slice(0, 400);
    }
  }

  async #prepare() {
    for (const { databaseName, collectionName, documents, createOptions } of this.file.initialData ?? []) {
      const database = this.internal.db(databaseName);
      await database.dropCollection(collectionName);
      await database.createCollection(collectionName, createOptions);
      if (documents.length > 0) await database.collection(collectionName).insertMany(documents);
    }
  }

  async create(list) {
    for (const entity of list) {
      const [[kind, spec]] = Object.entries(entity);
      if (kind === "client") this.#createClient(spec);
      else if (kind === "database")
        this.#add(
          spec,
          this.entities.get(spec.client).db(spec.databaseName, optionsOf(spec.databaseOptions)),
        );
      else if (kind === "collection")
        this.#add(
          spec,
          this.entities.get(spec.database).collection(spec.collectionName, optionsOf(spec.collectionOptions)),
        );
      else if (kind === "session")
        this.#add(spec, this.entities.get(spec.client).startSession(optionsOf(spec.sessionOptions)));
      else throw new NotRunnable(`the runner does not know a ${kind}`);
    }
  }

  #add({ id }, entity) {
    this.entities.set(id, entity);
  }

  #createClient({
    id,
    uriOptions = {},
    observeEvents = [],
    ignoreCommandMonitoringEvents = [],
    observeSensitiveCommands,
  }) {
    const query = Object.entries(uriOptions).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`);
    const client = new MongoClient(this.url + query.join(""), {
      monitorCommands: true,
      serverSelectionTimeoutMS: 5000,
    });
    const events = [];
    for (const kind of observeEvents) {
      if (!EVENTS[kind]) continue;
      client.on(EVENTS[kind], (event) => {
        const isSensitive =
          !observeSensitiveCommands &&
          ["saslStart", "saslContinue", "hello", "ismaster"].includes(event.commandName);
        if (!isSensitive && !ignoreCommandMonitoringEvents.includes(event.commandName))
          events.push({ kind, event });
      });
    }
    this.#clients.push(client);
    this.events.set(id, events);
    this.entities.set(id, client);
  }

  async run(operation, isInCallback = false) {
    let result;
    let failure;
    try {
      result = await runOperation(this, operation);
    } catch (error) {
      if (error instanceof NotRunnable) throw error;
      failure = error;
    }
    const { expectError, expectResult, ignoreResultAndError, saveResultAsEntity } = operation;
    if (ignoreResultAndError) return;
    if (expectError) {
      checkError(operation, expectError, failure, this.entities);
      // The driver's own loop has to see what its callback met.
      if (isInCallback) throw failure;
      return;
    }
    if (failure) throw isInCallback ? failure : new Error(`${operation.name} failed: ${failure.message}`);
    if (saveResultAsEntity) this.entities.set(saveResultAsEntity, result);
    if (expectResult === undefined) return;
    const found = difference(expectResult, result, this.entities);
    if (found) throw new Error(`${operation.name}: ${found}`);
  }

  async failPoint(point) {
    const isKnown = ["failCommand", "onPrimaryTransactionalWrite"].includes(point.configureFailPoint);
    if (!isKnown || point.data?.blockConnection) throw new NotRunnable("this fail point is not imitated");
    this.proxy.set(point);
  }

  #checkEvents({ client, eventType = "command", events, ignoreExtraEvents }) {
    if (eventType !== "command") return;
    const seen = this.events.get(client);
    if (seen.length < events.length || (seen.length > events.length && !ignoreExtraEvents))
      throw new Error(
        `${seen.length} events instead of ${events.length}: ${seen.map(({ event }) => event.commandName).join(" ")}`,
      );
    for (const [i, expected] of events.entries()) {
      const [[kind, { command, reply, commandName, databaseName }]] = Object.entries(expected);
      const { event } = seen[i];
      if (seen[i].kind !== kind) throw new Error(`event ${i} is ${seen[i].kind} instead of ${kind}`);
      // This driver always says how long it would wait; the specifications do not mention that.
      if (command?.writeConcern?.w && command.writeConcern.wtimeout === undefined)
        delete event.command.writeConcern?.wtimeout;
      const found =
        (command && difference(command, event.command, this.entities, true, `event ${i} command`)) ??
        (reply && difference(reply, event.reply, this.entities, true, `event ${i} reply`)) ??
        (commandName && difference(commandName, event.commandName, this.entities)) ??
        (databaseName && difference(databaseName, event.databaseName, this.entities));
      if (found) throw new Error(found);
    }
  }

  async #checkOutcome({ databaseName, collectionName, documents }) {
    const found = await this.internal
      .db(databaseName)
      .collection(collectionName)
      .find()
      .sort({ _id: 1 })
      .toArray();
    const problem = difference(documents, found, this.entities, false, collectionName);
    if (problem) throw new Error(`outcome: ${problem}`);
  }

  async close() {
    for (const entity of this.entities.values())
      if (entity?.constructor?.name === "ClientSession") await entity.endSession().catch(() => undefined);
    for (const client of this.#clients) await client.close();
  }
}

function optionsOf(given = {}) {
  const options = { ...given };
  const transaction = options.defaultTransactionOptions;
  return transaction ? { ...options, defaultTransactionOptions: transaction } : options;
}

function checkError({ name }, expected, failure, entities) {
  if (!failure) throw new Error(`${name} should have failed with ${show(expected)}`);
  const labels = failure.errorLabels ?? [];
  const wrong = [
    expected.errorCode !== undefined && failure.code !== expected.errorCode && `code ${failure.code}`,
    expected.errorCodeName && failure.codeName !== expected.errorCodeName && `codeName ${failure.codeName}`,
    expected.errorContains &&
      !failure.message.toLowerCase().includes(expected.errorContains.toLowerCase()) &&
      "message",
    expected.isClientError === true &&
      failure.constructor.name === "MongoServerError" &&
      "an error of the server",
    (expected.errorLabelsContain ?? []).some((label) => !labels.includes(label)) &&
      `labels ${labels.join(" ")}`,
    (expected.errorLabelsOmit ?? []).some((label) => labels.includes(label)) && `labels ${labels.join(" ")}`,
    expected.expectResult &&
      difference(expected.expectResult, failure.result ?? failure.partialResult, entities),
  ].filter(Boolean);
  if (wrong.length > 0)
    throw new Error(
      `${name} failed otherwise than ${show(expected)}: ${wrong.join(", ")} (${failure.message})`,
    );
}
