import { type DeserializeOptions, type Document, deserialize, serialize } from "bson";
import { decode, encode } from "@dmtracker/server/embedded-mongo/bson-codec.ts";
import { runCommand } from "@dmtracker/server/embedded-mongo/commands.ts";
import type { Instance } from "@dmtracker/server/embedded-mongo/context.ts";
import { Cursors } from "@dmtracker/server/embedded-mongo/cursors.ts";
import { Engine } from "@dmtracker/server/embedded-mongo/engine.ts";
import { Sessions } from "@dmtracker/server/embedded-mongo/sessions.ts";

/** A database without a socket, for tests of hundreds of thousands of commands. */
export type InnerClient = {
  ask: (command: Document, options?: DeserializeOptions) => Promise<Document>;
  instance: Instance;
};

export function anInnerClient(): InnerClient {
  const engine = new Engine();
  const instance: Instance = { engine, sessions: new Sessions(engine), cursors: new Cursors(), address: "" };
  const ask = async (command: Document, options?: DeserializeOptions) => {
    const body = decode(serialize(command));
    const name = body.keys().next().value!;
    const reply = await runCommand({
      instance,
      engine,
      database: "test",
      command: name,
      body,
      payloads: new Map(),
      connectionId: 1,
      access: { isOpen: true },
    });
    return deserialize(encode(reply), options);
  };
  return { ask, instance };
}
