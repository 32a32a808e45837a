import { MECHANISM } from "./auth.ts";
import { type Context, type Reply, sessionKey } from "./context.ts";
import { ensure } from "./errors.ts";
import { SESSION_TIMEOUT_MINUTES } from "./sessions.ts";
import { Double } from "./values.ts";

const SET_NAME = "dmtracker";
const VERSION = "7.0.0";
const MAX_WIRE_VERSION = 21;

/** Presents this process as the only member, and primary, of a replica set: drivers then use sessions and transactions. */
export function hello({ instance, connectionId, body }: Context): Reply {
  return {
    ...(instance.verifier && body.has("saslSupportedMechs") ? { saslSupportedMechs: [MECHANISM] } : {}),
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    secondary: false,
    setName: SET_NAME,
    setVersion: 1,
    hosts: [instance.address],
    primary: instance.address,
    me: instance.address,
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: SESSION_TIMEOUT_MINUTES,
    connectionId,
    minWireVersion: 0,
    maxWireVersion: MAX_WIRE_VERSION,
    readOnly: false,
  };
}

export function ping(): Reply {
  return {};
}

export function buildInfo(): Reply {
  return {
    version: VERSION,
    versionArray: VERSION.split(".").map(Number).concat(0),
    modules: ["dmtracker-embedded"],
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16 * 1024 * 1024,
    storageEngines: ["sqlite"],
  };
}

export function serverStatus({ instance }: Context): Reply {
  return {
    host: "localhost",
    version: VERSION,
    process: "dmtracker-embedded",
    pid: process.pid,
    uptime: Math.floor(process.uptime()),
    localTime: new Date(),
    mem: { bits: 64, resident: Math.round(process.memoryUsage.rss() / 2 ** 20), supported: true },
    extra_info: { user_time_us: process.cpuUsage().user, system_time_us: process.cpuUsage().system },
    transactions: { currentOpen: instance.engine.openTransactions },
    indexBuilds: [...instance.engine.store.collections.values()].flatMap(({ namespace, build }) =>
      build ? [{ ns: namespace, name: build.index.name, documentsDone: build.done }] : [],
    ),
    metrics: { cursor: { open: { total: instance.cursors.count } } },
    storageEngine: { name: "sqlite", persistent: true },
  };
}

export function connectionStatus(): Reply {
  return { authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } };
}

export function getParameter(context: Context): Reply {
  ensure(context.body.has("featureCompatibilityVersion"), 72, "no option found to get");
  return { featureCompatibilityVersion: { version: "7.0" } };
}

export function endSessions(context: Context): Reply {
  const ids = context.body.get("endSessions");
  if (Array.isArray(ids)) for (const lsid of ids) context.instance.sessions.end(sessionKey(lsid));
  return {};
}

export function commitTransaction(context: Context): Reply {
  const { session, txnNumber } = requireTransaction(context);
  context.instance.sessions.commit(session, txnNumber);
  return {};
}

export function abortTransaction(context: Context): Reply {
  const { session, txnNumber } = requireTransaction(context);
  context.instance.sessions.abortByCommand(session, txnNumber);
  return {};
}

function requireTransaction({ session, txnNumber, command }: Context) {
  ensure(session && txnNumber !== undefined, 125, `${command} must be run within a transaction`);
  return { session, txnNumber };
}

export function replSetGetStatus({ instance }: Context): Reply {
  return {
    set: SET_NAME,
    myState: 1,
    members: [{ _id: 0, name: instance.address, health: new Double(1), state: 1, stateStr: "PRIMARY" }],
  };
}
