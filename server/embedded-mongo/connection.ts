import type { Socket } from "node:net";
import type { Access } from "./auth-commands.ts";
import { decode, encode } from "./bson-codec.ts";
import { errorReply, nextClusterTime, runCommand } from "./commands.ts";
import type { Context, Instance, Reply } from "./context.ts";
import { CommandError, ensure, outOfDiskSpace } from "./errors.ts";
import { Bin, type Doc } from "./values.ts";

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;
const MAX_MESSAGE_BYTES = 48_000_000;
const MAX_WAITING = 100;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const KNOWN_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME | (1 << 16);

type Message = { requestId: number; opCode: number; content: Buffer };

/** Serves one client: takes messages apart, runs them one after another, and answers. Garbage ends the connection. */
export class Connection {
  readonly #socket: Socket;
  readonly #instance: Instance;
  readonly #id: number;
  readonly #access: Access;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #waiting: Message[] = [];
  #running = false;

  constructor(socket: Socket, instance: Instance, id: number) {
    this.#socket = socket;
    this.#instance = instance;
    this.#id = id;
    this.#access = { isOpen: instance.verifier === undefined };
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    // A client that goes away needs no answer; its open transaction ends when it has been idle for long.
    socket.on("error", () => socket.destroy());
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    try {
      for (let message = this.#nextMessage(); message; message = this.#nextMessage())
        this.#waiting.push(message);
    } catch {
      this.#socket.destroy();
      return;
    }
    // Who sends faster than we can work has to wait.
    if (this.#waiting.length > MAX_WAITING) this.#socket.pause();
    void this.#runWaiting();
  }

  #nextMessage(): Message | undefined {
    if (this.#receivedBytes < HEADER_BYTES) return undefined;
    let first = this.#received[0]!;
    if (first.length < HEADER_BYTES) {
      first = Buffer.concat(this.#received);
      this.#received = [first];
    }
    const length = first.readInt32LE(0);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) throw new Error("message length");
    if (this.#receivedBytes < length) return undefined;
    const all = this.#received.length === 1 ? first : Buffer.concat(this.#received);
    this.#receivedBytes -= length;
    this.#received = this.#receivedBytes > 0 ? [all.subarray(length)] : [];
    return {
      requestId: all.readInt32LE(4),
      opCode: all.readInt32LE(12),
      content: all.subarray(HEADER_BYTES, length),
    };
  }

  async #runWaiting(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
        await this.#run(message);
        if (this.#socket.writableNeedDrain) await this.#drained();
        if (this.#waiting.length === 0) this.#socket.resume();
      }
    } catch {
      this.#socket.destroy();
    } finally {
      this.#running = false;
    }
  }

  /** A client that does not fetch its answers gets no further ones: they would pile up here. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done).off("close", done);
        resolve();
      };
      this.#socket.on("drain", done).on("close", done);
    });
  }

  async #run(message: Message): Promise<void> {
    if (message.opCode === OP_QUERY) return this.#runQuery(message);
    if (message.opCode !== OP_MSG) throw new Error("unknown opcode");
    const { flags, context, failure } = this.#parse(message.content);
    const { store } = this.#instance.engine;
    const { rollbacks } = store;
    const reply = failure ? errorReply(undefined, failure) : await runCommand(context!);
    if (flags & MORE_TO_COME) return;
    const stamp = (bytes: Buffer) => writeMessageHeader(bytes, message.requestId);
    store.afterCommit((lost) => {
      // What a reply says of writes that were taken back meanwhile is not true any more.
      const isTrue = !lost && (store.rollbacks === rollbacks || "errmsg" in reply);
      this.#answer(isTrue ? reply : errorReply(context, lost ?? outOfDiskSpace()), stamp);
    });
  }

  #parse(content: Buffer): { flags: number; context?: Context; failure?: CommandError } {
    const flags = content.readUInt32LE(0);
    if (flags & 0xffff & ~KNOWN_FLAGS) throw new Error("unknown flags");
    const end = content.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
    let body: Uint8Array | undefined;
    const payloads: Context["payloads"] = new Map();
    for (let at = 4; at < end;) {
      const kind = content[at]!;
      const from = at + 1;
      const size = content.readInt32LE(from);
      if (size < 5 || from + size > end || kind > 1) throw new Error("malformed section");
      if (kind === 0) body = content.subarray(from, from + size);
      else readPayload(content.subarray(from + 4, from + size), payloads);
      at = from + size;
    }
    if (!body) throw new Error("message without a body");
    try {
      return { flags, context: { ...this.#contextOf(decode(body)), payloads } };
    } catch (error) {
      if (error instanceof CommandError) return { flags, failure: error };
      throw error;
    }
  }

  #contextOf(body: Doc): Context {
    const database = body.get("$db");
    ensure(typeof database === "string", 40571, "OP_MSG requests require a $db argument");
    const isName = /^[^\s/\\."$*<>:|?\0]{1,63}$/.test(database);
    ensure(isName, 73, `Invalid database name: '${database}'`);
    return {
      instance: this.#instance,
      engine: this.#instance.engine,
      database,
      command: body.keys().next().value ?? "",
      body,
      payloads: new Map(),
      connectionId: this.#id,
      access: this.#access,
    };
  }

  /** The first greeting of a driver is still in the old form. */
  async #runQuery({ requestId, content }: Message): Promise<void> {
    const nameEnd = content.indexOf(0, 4);
    if (nameEnd < 0) throw new Error("malformed query");
    const start = nameEnd + 9;
    const body = decode(content.subarray(start, start + content.readInt32LE(start)));
    body.set("$db", "admin");
    const context = this.#contextOf(body);
    const isGreeting = /^(hello|ismaster)$/i.test(context.command);
    const refused = new CommandError(352, "Unsupported OP_QUERY command");
    const reply = isGreeting ? await runCommand(context) : errorReply(context, refused);
    this.#answer(reply, (message) => writeReplyHeader(message, requestId), 36);
  }

  #answer(reply: Reply, writeHeader: (bytes: Buffer) => void, headroom = 21): void {
    const time = nextClusterTime();
    let bytes: Buffer;
    const stamped = {
      ...reply,
      $clusterTime: { clusterTime: time, signature: { hash: new Bin(0, Buffer.alloc(20)), keyId: 0n } },
      operationTime: time,
    };
    try {
      bytes = encode(stamped, headroom);
    } catch (error) {
      bytes = encode(errorReply(undefined, error), headroom);
    }
    writeHeader(bytes);
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }
}

function readPayload(section: Buffer, payloads: Map<string, Uint8Array[]>): void {
  const nameEnd = section.indexOf(0);
  if (nameEnd < 0) throw new Error("malformed section");
  const documents: Uint8Array[] = [];
  for (let at = nameEnd + 1; at < section.length;) {
    const size = section.readInt32LE(at);
    if (size < 5 || at + size > section.length) throw new Error("malformed section");
    documents.push(section.subarray(at, at + size));
    at += size;
  }
  payloads.set(section.toString("utf8", 0, nameEnd), documents);
}

let nextRequestId = 1;

function writeHeader(bytes: Buffer, responseTo: number, opCode: number): void {
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE((nextRequestId = (nextRequestId + 1) & 0x7fffffff), 4);
  bytes.writeInt32LE(responseTo, 8);
  bytes.writeInt32LE(opCode, 12);
}

function writeMessageHeader(bytes: Buffer, responseTo: number): void {
  writeHeader(bytes, responseTo, OP_MSG);
  bytes.writeUInt32LE(0, 16);
  bytes[20] = 0;
}

function writeReplyHeader(bytes: Buffer, responseTo: number): void {
  writeHeader(bytes, responseTo, OP_REPLY);
  // Flags 8 (may await), no cursor, from 0, one document.
  bytes.writeInt32LE(8, 16);
  bytes.writeBigInt64LE(0n, 20);
  bytes.writeInt32LE(0, 28);
  bytes.writeInt32LE(1, 32);
}
