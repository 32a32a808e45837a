import { Conversation, MECHANISM } from "./auth.ts";
import type { Context, Reply } from "./context.ts";
import { describeValue } from "./duplicate-key.ts";
import { ensure } from "./errors.ts";
import { Bin } from "./values.ts";

/** What one connection may do, and how far its log-in has come. */
export type Access = { isOpen: boolean; conversation?: Conversation | undefined };

// What a driver asks before it logs in.
const FREE = new Set(["hello", "isMaster", "ismaster", "ping", "saslStart", "saslContinue", "endSessions"]);

export function requireAccess({ access, command }: Context): void {
  ensure(access.isOpen || FREE.has(command), 13, `Command ${command} requires authentication`);
}

export function saslStart({ instance, access, body }: Context): Reply {
  ensure(instance.verifier, 2, "this server has no users");
  const mechanism = describeValue(body.get("mechanism"));
  ensure(mechanism === `"${MECHANISM}"`, 334, `Received authentication for mechanism ${mechanism}`);
  access.conversation = new Conversation(instance.verifier, textOf(body.get("payload")));
  return step(access.conversation.challenge, false);
}

export function saslContinue({ access, body }: Context): Reply {
  const { conversation } = access;
  ensure(conversation, 17, "No SASL session state found");
  access.conversation = undefined;
  const proof = conversation.finish(textOf(body.get("payload")));
  access.isOpen = true;
  return step(proof, true);
}

function step(text: string, done: boolean): Reply {
  return { conversationId: 1, done, payload: new Bin(0, Buffer.from(text)) };
}

function textOf(payload: unknown): string {
  ensure(payload instanceof Bin, 2, "the payload must be binary");
  return Buffer.from(payload.bytes).toString();
}
