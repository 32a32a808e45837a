import type { Access } from "./auth-commands.ts";
import type { Verifier } from "./auth.ts";
import type { Cursors } from "./cursors.ts";
import type { Encodable } from "./bson-codec.ts";
import type { Collection } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import { CommandError, typeMismatch } from "./errors.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { Transaction } from "./transaction.ts";
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
export type Context = {
  instance: Instance;
  engine: Engine;
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
  transaction?: Transaction;
  /** When `maxTimeMS` is over, in milliseconds of `performance.now()`. */
  deadline?: number;
};

export type Reply = Record<string, Encodable>;
export type Handler = (context: Context) => Reply | Promise<Reply>;

/** The collection name of a command, which is the value of its first field. */
export function collectionName(context: Context): string {
  const name = context.body.get(context.command);
  if (typeof name !== "string")
    throw new CommandError(73, `collection name has invalid type ${typeName(name)}`);
  requireValidName(context.database, name);
  return name;
}

export function requireValidName(database: string, name: string): void {
  if (
    name === "" ||
    name.startsWith(".") ||
    name.endsWith(".") ||
    name.includes("\0") ||
    name.includes("$")
  ) {
    throw new CommandError(73, `Invalid namespace specified '${database}.${name}'`);
  }
  if (Buffer.byteLength(`${database}.${name}`) > 255)
    throw new CommandError(
      73,
      `Fully qualified namespace is too long. Namespace: ${database}.${name} Max: 255`,
    );
}

export function findCollection(context: Context, name = collectionName(context)): Collection | undefined {
  return context.engine.store.collection(`${context.database}.${name}`);
}

/** Writing into a collection that does not exist creates it. */
export function collectionForWrite(context: Context): Collection {
  const name = collectionName(context);
  return (
    findCollection(context, name) ?? context.engine.store.createCollection(context.database, name, new Map())
  );
}

export function optionalDocument(context: Context, field: string): Doc | undefined {
  const value = context.body.get(field);
  if (value === undefined || value === null) return undefined;
  if (!(value instanceof Map)) throw wrongType(context, field, value, "object");
  return value;
}

export function wrongType(
  context: Context,
  field: string,
  value: Value | undefined,
  expected: string,
): CommandError {
  return typeMismatch(
    `BSON field '${context.command}.${field}' is the wrong type '${typeName(value)}', expected type '${expected}'`,
  );
}

/** A whole number that is not negative, of any numeric type. */
export function optionalCount(context: Context, field: string): number | undefined {
  const value = context.body.get(field);
  if (value === undefined || value === null) return undefined;
  const number = toNumber(value);
  if (number === undefined) throw wrongType(context, field, value, "long");
  if (number < 0)
    throw new CommandError(51024, `BSON field '${field}' value must be >= 0, actual value '${number}'`);
  return Math.trunc(number);
}

export function flag(context: Context, field: string): boolean {
  return isTruthy(context.body.get(field));
}

export function sessionKey(lsid: Value | undefined): Uint8Array {
  const id = lsid instanceof Map ? lsid.get("id") : undefined;
  if (!(id instanceof Bin))
    throw new CommandError(
      40414,
      "BSON field 'OperationSessionInfo.lsid.id' is missing but a required field",
    );
  return id.bytes;
}
