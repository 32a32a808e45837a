import type { Access } from "./auth-commands.ts";
import type { Verifier } from "./auth.ts";
import type { Encodable } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import type { Cursors } from "./cursors.ts";
import type { Engine, View } from "./engine.ts";
import { type CommandError, ensure, typeMismatch } from "./errors.ts";
import type { Session, Sessions } from "./sessions.ts";
import { Bin, type Doc, type Value, isTruthy, toNumber, typeName } from "./values.ts";

/** What all connections share. */
export type Instance = {
  engine: Engine;
  sessions: Sessions;
  cursors: Cursors;
  /** Exactly as clients reach it. */
  address: string;
  /** Checks who logs in; without it there is nothing to log in to. */
  verifier?: Verifier | undefined;
};

/** One command on its way through the server. */
export type Context = View & {
  instance: Instance;
  database: string;
  command: string;
  body: Doc;
  /** Documents that came as payload beside the body, as `documents` of an insert. */
  payloads: Map<string, Uint8Array[]>;
  connectionId: number;
  access: Access;
  session?: Session;
  /** Set for a retryable write. */
  txnNumber?: bigint;
  /** When `maxTimeMS` is over, in milliseconds of `performance.now()`. */
  deadline?: number;
};

export type Reply = Record<string, Encodable>;
export type Handler = (context: Context) => Reply | Promise<Reply>;

/** The collection name of a command, which is the value of its first field. */
export function collectionName({ body, command, database }: Context): string {
  const name = body.get(command);
  ensure(typeof name === "string", 73, `collection name has invalid type ${typeName(name)}`);
  const namespace = `${database}.${name}`;
  const isValid = name !== "" && !/^\.|\.$|[\0$]/.test(name);
  ensure(isValid, 73, `Invalid namespace specified '${namespace}'`);
  ensure(Buffer.byteLength(namespace) <= 255, 73, `Fully qualified namespace is too long: ${namespace}`);
  return name;
}

export function findCollection(context: Context, name = collectionName(context)): Collection | undefined {
  return context.engine.store.collection(`${context.database}.${name}`);
}

/** Writing into a collection that does not exist creates it. */
export function collectionForWrite(context: Context): Collection {
  const name = collectionName(context);
  return findCollection(context, name) ?? context.engine.store.createCollection(context.database, name);
}

export function optionalDocument(context: Context, field: string): Doc | undefined {
  const value = context.body.get(field);
  if (value === undefined || value === null) return undefined;
  if (!(value instanceof Map)) throw wrongType(context, field, value, "object");
  return value;
}

export function wrongType(
  { command }: Context,
  field: string,
  value: Value | undefined,
  expected: string,
): CommandError {
  const type = typeName(value);
  return typeMismatch(
    `BSON field '${command}.${field}' is the wrong type '${type}', expected type '${expected}'`,
  );
}

/** A whole number that is not negative, of any numeric type. */
export function optionalCount(context: Context, field: string): number | undefined {
  const value = context.body.get(field);
  if (value === undefined || value === null) return undefined;
  const number = toNumber(value);
  if (number === undefined) throw wrongType(context, field, value, "long");
  ensure(number >= 0, 51024, `BSON field '${field}' value must be >= 0, actual value '${number}'`);
  return Math.trunc(number);
}

export function flag(context: Context, field: string): boolean {
  return isTruthy(context.body.get(field));
}

export function sessionKey(lsid: Value | undefined): Uint8Array {
  const id = lsid instanceof Map ? lsid.get("id") : undefined;
  ensure(id instanceof Bin, 40414, "BSON field 'lsid.id' is missing but a required field");
  return id.bytes;
}
