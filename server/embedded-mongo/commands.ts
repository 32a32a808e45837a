import { aggregate } from "./aggregate-command.ts";
import { requireAccess, saslContinue, saslStart } from "./auth-commands.ts";
import { backup } from "./backup.ts";
import { create, drop, dropDatabase, listCollections, listDatabases } from "./collection-commands.ts";
import { type Context, type Handler, type Reply, sessionKey } from "./context.ts";
import { CommandError, ensure } from "./errors.ts";
import { explain } from "./explain.ts";
import { findAndModify } from "./find-and-modify.ts";
import { createIndexes, dropIndexes, listIndexes } from "./index-commands.ts";
import { count, distinct, find, getMore, killCursors } from "./read-commands.ts";
import { startSlice } from "./scan.ts";
import {
  abortTransaction,
  buildInfo,
  commitTransaction,
  connectionStatus,
  endSessions,
  getParameter,
  hello,
  ping,
  replSetGetStatus,
  serverStatus,
} from "./server-commands.ts";
import { isSqliteError } from "./sqlite.ts";
import { validate } from "./validate.ts";
import { Double, Stamp, type Value, isTruthy, toNumber } from "./values.ts";
import { insert, remove, requireSimpleCollation, update } from "./write-commands.ts";

/** `fields` beside the ones that every command may have; without it all are let through. */
type Command = { run: Handler; fields?: ReadonlySet<string>; writes?: boolean };

function reading(run: Handler, fields: string): Command {
  return { run, fields: new Set(fields.split(" ")) };
}

function writing(run: Handler, fields: string): Command {
  return { ...reading(run, fields), writes: true };
}

const FIND_AND_MODIFY = writing(
  findAndModify,
  "query sort remove update new fields upsert bypassDocumentValidation arrayFilters hint collation let",
);

const COMMANDS = new Map<string, Command>([
  [
    "find",
    reading(
      find,
      "filter sort projection hint skip limit batchSize singleBatch collation let noCursorTimeout allowDiskUse allowPartialResults tailable awaitData min max returnKey showRecordId oplogReplay",
    ),
  ],
  ["getMore", reading(getMore, "collection batchSize")],
  ["killCursors", reading(killCursors, "cursors")],
  ["count", reading(count, "query limit skip hint collation")],
  ["distinct", reading(distinct, "key query hint collation")],
  [
    "aggregate",
    reading(aggregate, "pipeline cursor allowDiskUse bypassDocumentValidation hint collation let"),
  ],
  ["explain", { run: explain }],
  ["insert", writing(insert, "documents ordered bypassDocumentValidation")],
  ["update", writing(update, "updates ordered bypassDocumentValidation let")],
  ["delete", writing(remove, "deletes ordered let")],
  ["findAndModify", FIND_AND_MODIFY],
  ["findandmodify", FIND_AND_MODIFY],
  ["create", { run: create }],
  ["drop", { run: drop }],
  ["dropDatabase", { run: dropDatabase }],
  ["listCollections", { run: listCollections }],
  ["listDatabases", { run: listDatabases }],
  ["listIndexes", { run: listIndexes }],
  ["createIndexes", { run: createIndexes }],
  ["dropIndexes", { run: dropIndexes }],
  ["validate", { run: validate }],
  ["hello", { run: hello }],
  ["isMaster", { run: hello }],
  ["ismaster", { run: hello }],
  ["ping", { run: ping }],
  ["buildInfo", { run: buildInfo }],
  ["buildinfo", { run: buildInfo }],
  ["serverStatus", { run: serverStatus }],
  ["connectionStatus", { run: connectionStatus }],
  ["getParameter", { run: getParameter }],
  ["replSetGetStatus", { run: replSetGetStatus }],
  ["endSessions", { run: endSessions }],
  ["killSessions", { run: endSessions }],
  ["startSession", { run: ping }],
  ["refreshSessions", { run: ping }],
  ["commitTransaction", { run: commitTransaction }],
  ["abortTransaction", { run: abortTransaction }],
  ["saslStart", { run: saslStart }],
  ["saslContinue", { run: saslContinue }],
  ["backup", reading(backup, "to")],
]);

const GENERIC_FIELDS = new Set(
  "$db lsid txnNumber startTransaction autocommit $clusterTime $readPreference readConcern writeConcern maxTimeMS comment apiVersion apiStrict apiDeprecationErrors stmtId stmtIds $queryOptions".split(
    " ",
  ),
);

const RETRYABLE_CODES = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Runs one command. Never throws: what goes wrong becomes the reply. */
export async function runCommand(context: Context): Promise<Reply> {
  let endsTransaction = false;
  try {
    startSlice();
    const command = COMMANDS.get(context.command);
    requireAccess(context);
    ensure(command, 59, `no such command: '${context.command}'`);
    requireKnownFields(context, command);
    checkConcerns(context);
    const maxTime = toNumber(context.body.get("maxTimeMS"));
    if (maxTime) context.deadline = performance.now() + maxTime;
    endsTransaction = context.command === "commitTransaction" || context.command === "abortTransaction";
    joinSession(context, command, endsTransaction);
    if (context.session) {
      context.session.busy++;
      context.session.connectionId = context.connectionId;
    }
    try {
      const reply = await command.run(context);
      // A failed statement leaves nothing to go on with: the server has to take the whole transaction back.
      if (context.transaction && "writeErrors" in reply) context.instance.sessions.abort(context.session!);
      return { ...reply, ...concernError(context), ok: new Double(1) };
    } finally {
      if (context.session) {
        context.session.busy--;
        context.session.usedAt = Date.now();
      }
    }
  } catch (error) {
    const failure = isSqliteError(error) ? context.engine.store.takeBack(error) : error;
    if (context.transaction && context.session && !endsTransaction)
      context.instance.sessions.abort(context.session);
    return errorReply(context, failure);
  }
}

function requireKnownFields(context: Context, command: Command): void {
  const { body } = context;
  if (body.has("collation")) requireSimpleCollation(body.get("collation")!);
  if (!command.fields) return;
  for (const field of body.keys()) {
    if (field !== context.command && !command.fields.has(field) && !GENERIC_FIELDS.has(field))
      throw new CommandError(40415, `BSON field '${context.command}.${field}' is an unknown field.`);
  }
  for (const field of ["min", "max", "returnKey", "showRecordId"]) {
    if (isTruthy(body.get(field)))
      throw new CommandError(238, `${context.command}: '${field}' is not supported by this server`);
  }
}

/** A write that asks for more nodes than there are is done, and told that it is on this one only. */
function concernError({ body, transaction }: Context): Reply {
  const concern = body.get("writeConcern");
  const nodes = concern instanceof Map && !transaction ? toNumber(concern.get("w")) : undefined;
  if (nodes === undefined || nodes <= 1) return {};
  const error = new CommandError(100, "Not enough data-bearing nodes");
  return { writeConcernError: { code: error.code, codeName: error.codeName, errmsg: error.message } };
}

const READ_CONCERNS = new Set<Value>(["local", "available", "majority", "linearizable", "snapshot"]);

function checkConcerns(context: Context): void {
  const write = context.body.get("writeConcern");
  const w = write instanceof Map ? write.get("w") : undefined;
  if (typeof w === "string" && w !== "majority")
    throw new CommandError(79, `No write concern mode named '${w}' found in replica set configuration`);
  const read = context.body.get("readConcern");
  const level = read instanceof Map ? read.get("level") : undefined;
  const isPossible = level !== "snapshot" || context.body.has("autocommit");
  ensure(isPossible, 246, "snapshot reads outside of transactions are not supported by this server");
  const isKnown = level === undefined || READ_CONCERNS.has(level);
  ensure(isKnown, 9, "invalid readConcern level");
}

function joinSession(context: Context, command: Command, endsTransaction: boolean): void {
  const { body, instance } = context;
  const lsid = body.get("lsid");
  if (lsid === undefined) return;
  const session = (context.session = instance.sessions.find(sessionKey(lsid)));
  const txnNumber = toLong(body.get("txnNumber"));
  if (txnNumber === undefined) {
    if (body.has("autocommit")) throw new CommandError(72, "'autocommit' needs a 'txnNumber'");
    return;
  }
  if (body.get("autocommit") === false) {
    const starts = isTruthy(body.get("startTransaction"));
    if (endsTransaction) context.txnNumber = txnNumber;
    else context.transaction = instance.sessions.transactionOf(session, txnNumber, starts);
    return;
  }
  ensure(command.writes, 50768, "txnNumber is only for transactions and retryable write commands.");
  instance.sessions.advance(session, txnNumber);
  context.txnNumber = txnNumber;
}

function toLong(value: Value | undefined): bigint | undefined {
  const number = toNumber(value);
  return number === undefined ? undefined : BigInt(Math.trunc(number));
}

export function errorReply(context: Context | undefined, error: unknown): Reply {
  const known =
    error instanceof CommandError
      ? error
      : new CommandError(1, `internal error: ${error instanceof Error ? error.message : String(error)}`);
  const labels = new Set(known.labels);
  if (!context?.transaction && known.code !== 251) labels.delete("TransientTransactionError");
  if (RETRYABLE_CODES.has(known.code) && context?.txnNumber !== undefined) labels.add("RetryableWriteError");
  return {
    ok: new Double(0),
    errmsg: known.message,
    code: known.code,
    codeName: known.codeName,
    ...(known.details as Reply),
    ...(labels.size > 0 ? { errorLabels: [...labels] } : {}),
  };
}

let ticks = 0n;

/** Rises with every reply, as drivers expect of a replica set. */
export function nextClusterTime(): Stamp {
  const now = BigInt(Math.floor(Date.now() / 1000)) << 32n;
  ticks = now > ticks ? now + 1n : ticks + 1n;
  return new Stamp(ticks);
}
