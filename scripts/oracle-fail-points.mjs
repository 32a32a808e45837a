// A client of the database that stands in front of it and fails commands on request, as `failCommand` of a
// real server's test mode does. The database itself has no such thing.
import { createServer, connect } from "node:net";
import { deserialize, serialize } from "bson";

const OP_MSG = 2013;

export async function standBefore(socketPath, ownPath) {
  const state = { point: undefined, uses: 0, skips: 0, done: new Set() };
  const server = createServer((client) => {
    const upstream = connect(socketPath);
    const asked = new Map();
    onMessages(client, (message) => {
      const command = commandOf(message);
      const point = command && matching(state, command);
      if (!point) return upstream.write(message);
      const isInTransaction = command.autocommit === false && !("commitTransaction" in command);
      if (point.closeConnection || point.failBeforeCommitExceptionCode !== undefined) return client.destroy();
      if (point.errorCode !== undefined) return client.write(answerTo(message, failureOf(point, command)));
      asked.set(message.readInt32LE(4), { ...point, isInTransaction });
      upstream.write(message);
    });
    onMessages(upstream, (message) => {
      const point = asked.get(message.readInt32LE(8));
      if (!point) return client.write(renamed(message, socketPath, ownPath));
      // The write is done, and the client does not get to know it.
      if (!point.writeConcernError) return client.destroy();
      client.write(answerTo(message, withConcernError(message, point), 8));
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise((resolve) => server.listen(ownPath, resolve));
  return {
    set: ({ configureFailPoint, mode, data = {} }) => {
      state.point = mode === "off" ? undefined : { name: configureFailPoint, ...data };
      state.done.clear();
      state.uses = mode?.times ?? Infinity;
      state.skips = mode?.skip ?? 0;
    },
    close: () => server.close(),
  };
}

function withConcernError(message, { writeConcernError, errorLabels, isInTransaction }) {
  const reply = deserialize(message.subarray(21), { promoteValues: false });
  const { errorLabels: own, ...error } = writeConcernError;
  const labels =
    errorLabels ?? own ?? (RETRYABLE.has(error.code) && !isInTransaction ? ["RetryableWriteError"] : []);
  return { ...reply, writeConcernError: error, ...(labels.length > 0 ? { errorLabels: labels } : {}) };
}

function matching(state, command) {
  const isMeant =
    state.point?.name === "onPrimaryTransactionalWrite"
      ? command.txnNumber !== undefined
      : state.point?.failCommands?.includes(Object.keys(command)[0]);
  if (!isMeant || state.uses <= 0) return undefined;
  // What was carried out once does not reach the point again when it is repeated.
  const write = `${command.lsid?.id?.toString("hex")} ${command.txnNumber}`;
  if (state.done.has(write)) return undefined;
  if (
    state.point.name === "onPrimaryTransactionalWrite" &&
    state.point.failBeforeCommitExceptionCode === undefined
  )
    state.done.add(write);
  if (state.skips > 0) {
    state.skips--;
    return undefined;
  }
  state.uses--;
  return state.point;
}

const RETRYABLE = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

const TRANSIENT = new Set([24, 112, 246, 251, 267]);
const NAMES = { 50: "MaxTimeMSExpired", 11601: "Interrupted" };

function failureOf({ errorCode, errorLabels }, command) {
  const labels = errorLabels ?? labelsOf(errorCode, command);
  return {
    ok: 0,
    code: errorCode,
    ...(NAMES[errorCode] ? { codeName: NAMES[errorCode] } : {}),
    errmsg: "Failing command via 'failCommand' failpoint",
    ...(labels.length > 0 ? { errorLabels: labels } : {}),
  };
}

/** As a server labels its errors: within a transaction the whole of it is to be tried again. */
function labelsOf(code, command) {
  const ends = "commitTransaction" in command || "abortTransaction" in command;
  const isInTransaction = command.autocommit === false && !ends;
  if (TRANSIENT.has(code) || (isInTransaction && RETRYABLE.has(code))) return ["TransientTransactionError"];
  if (isInTransaction) return [];
  return RETRYABLE.has(code) ? ["RetryableWriteError"] : [];
}

function commandOf(message) {
  return message.readInt32LE(12) === OP_MSG
    ? deserialize(message.subarray(21, 21 + message.readInt32LE(21)))
    : undefined;
}

function answerTo(message, document, responseAt = 4) {
  const body = serialize(document);
  const answer = Buffer.alloc(21 + body.length);
  answer.writeInt32LE(answer.length, 0);
  answer.writeInt32LE(message.readInt32LE(responseAt), 8);
  answer.writeInt32LE(OP_MSG, 12);
  answer.set(body, 21);
  return answer;
}

/** The database names its own address; both have the same length. */
function renamed(message, from, to) {
  for (let at = message.indexOf(from); at >= 0; at = message.indexOf(from)) message.write(to, at);
  return message;
}

function onMessages(socket, take) {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 16 && received.length >= received.readInt32LE(0)) {
      const length = received.readInt32LE(0);
      const message = Buffer.from(received.subarray(0, length));
      received = received.subarray(length);
      take(message);
    }
  });
}
