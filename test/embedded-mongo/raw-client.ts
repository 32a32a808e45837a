import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { deserialize, serialize, type Document } from "bson";

export function socketPathOf(url: string): string {
  return decodeURIComponent(/^mongodb:\/\/([^/]+)/.exec(url)![1]!);
}

export async function openSocket(url: string): Promise<Socket> {
  const socket = connect(socketPathOf(url));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

export function messageOf(command: Document, flags = 0): Buffer {
  const body = serialize({ ...command, $db: "test" });
  const message = Buffer.alloc(21 + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(2013, 12);
  message.writeUInt32LE(flags, 16);
  message.set(body, 21);
  return message;
}

/** Sends one command by hand and returns the answer; `undefined` when the server ends the connection instead. */
export async function ask(url: string, message: Document | Buffer): Promise<Document | undefined> {
  const socket = await openSocket(url);
  try {
    socket.write(Buffer.isBuffer(message) ? message : messageOf(message));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 16 && received.length >= received.readInt32LE(0))
        return deserialize(received.subarray(21), { promoteLongs: true });
    }
    return undefined;
  } finally {
    socket.destroy();
  }
}
