import { Conversation, MECHANISM } from "./auth.ts";
import type { Context, Reply } from "./context.ts";
import { describeValue } from "./duplicate-key.ts";
import { CommandError, badValue } from "./errors.ts";
import { Bin } from "./values.ts";

/** What one connection may do, and how far its log-in has come. */
export type Access = { isOpen: boolean; conversation?: Conversation | undefined };

// What a driver asks before it logs in.
const FREE = new Set(["hello", "isMaster", "ismaster", "ping", "saslStart", "saslContinue", "endSessions"]);

export function requireAccess({ access, command }: Context): void {
  if (!access.isOpen && !FREE.has(command))
    throw new CommandError(13, `Command ${command} requires authentication`);
}

export function saslStart({ instance, access, body }: Context): Reply {
  if (!instance.verifier) throw badValue("this server has no users");
  const mechanism = body.get("mechanism");
  if (mechanism !== MECHANISM)
    throw new CommandError(
      334,
      `Received authentication for mechanism ${describeValue(mechanism)} which is not enabled`,
    );
  access.conversation = new Conversation(instance.verifier, textOf(body.get("payload")));
  return step(access.conversation.challenge, false);
}

export function saslContinue({ access, body }: Context): Reply {
  const { conversation } = access;
  if (!conversation) throw new CommandError(17, "No SASL session state found");
  access.conversation = undefined;
  const proof = conversation.finish(textOf(body.get("payload")));
  access.isOpen = true;
  return step(proof, true);
}

function step(text: string, done: boolean): Reply {
  return { conversationId: 1, done, payload: new Bin(0, Buffer.from(text)) };
}

function textOf(payload: unknown): string {
  if (!(payload instanceof Bin)) throw badValue("the payload must be binary");
  return Buffer.from(payload.bytes).toString();
}
