import { CancelBulkMessage, ChangeContactsMessage, UndoMessage } from "@dmtracker/shared/contracts/bulk.ts";
import { MESSAGES } from "@dmtracker/shared/contracts/doors.ts";
import {
  ChangeContactMessage,
  JoinPipeline,
  LeavePipeline,
  SetPresence,
  type ServerToClientEvents,
} from "@dmtracker/shared/contracts/realtime.ts";
import type { z } from "zod";
import { EXAMPLE_IDS } from "./description.ts";
import type { JsonSchema, SchemaBook } from "./json-schema.ts";

/** With an example that works, with the ids of EXAMPLE_IDS for those of one's own. */
type Told = { says: string; answer: string; payload: z.ZodType; example: object };

const { pipelineId, contactId, bulkId, otherStageId } = EXAMPLE_IDS;

export const FROM_CLIENT: Record<keyof typeof MESSAGES, Told> = {
  "pipeline:join": {
    says: "Hear a pipeline. With `since` one gets exactly what one has missed.",
    answer: "{ seq, events } or { seq, snapshot: true }",
    payload: JoinPipeline,
    example: { pipelineId, since: 0 },
  },
  "pipeline:leave": {
    says: "Hear it no more.",
    answer: "{}",
    payload: LeavePipeline,
    example: { pipelineId },
  },
  "contact:change": {
    says: "Change a contact. Acknowledged means committed; the same mutationId gets the first answer.",
    answer: "{ seq, version }",
    payload: ChangeContactMessage,
    example: { mutationId: "my-change-1", contactId, stageId: otherStageId, status: "won", value: 1200 },
  },
  "contacts:change": {
    says: "Give many contacts one change, by id or by filter.",
    answer: "{ bulk }",
    payload: ChangeContactsMessage,
    example: {
      mutationId: "my-change-2",
      pipelineId,
      select: { contactIds: [contactId] },
      change: { status: "open" },
    },
  },
  "change:undo": {
    says: "Take one's own change back, by its mutationId.",
    answer: "{ seq, changed, problems, bulk }",
    payload: UndoMessage,
    example: { mutationId: "my-change-3", undoes: "my-change-1" },
  },
  "bulk:cancel": {
    says: "Stop an act on many contacts.",
    answer: "{ bulk }",
    payload: CancelBulkMessage,
    example: { bulkId },
  },
  "presence:set": {
    says: "Say which contact one has open.",
    answer: "{}",
    payload: SetPresence,
    example: { pipelineId, contactId },
  },
};

export const FROM_SERVER: Record<keyof ServerToClientEvents, { says: string; payload: string }> = {
  "pipeline:events": {
    says: "The events of one commit, in order. Their numbers grow by one without gaps.",
    payload: "{ pipelineId, events: PipelineEvent[] }",
  },
  "pipeline:head": {
    says: "Every five seconds: the last number there is. Who is behind it joins again with `since`. `apart` (then every second): the processes cannot hear each other, changes made through another one come with this.",
    payload: "{ pipelineId, seq, apart? }",
  },
  "pipeline:delivered": {
    says: "Somebody waits (`Prefer: wait=delivered`): answer true when everything up to `seq` is applied.",
    payload: "{ pipelineId, seq }",
  },
  presence: { says: "Who looks at the board, and what they have open.", payload: "{ pipelineId, viewers }" },
  wins: { says: "Wins have changed: ask GET /wins.", payload: "{ pipelineId, seq }" },
  "views:changed": { says: "Saved views have changed: ask GET /views.", payload: "{ pipelineId }" },
  "bulk:progress": { says: "How far one's own act on many contacts is.", payload: "{ bulk }" },
  "server:leaving": {
    says: "This process stops: connect anew, at a random moment within that time.",
    payload: "{ withinMs }",
  },
  "access:revoked": { says: "Access has ended or changed: the socket closes.", payload: "{ cause, reason }" },
};

export const PROMISES = [
  "Every committed change of a pipeline is an event with a `seq` that grows by one without gaps. Everyone applies the same events in the same order.",
  "Acknowledged means committed. What was acknowledged survives the loss of any one process.",
  "After any interruption a client gets exactly what it missed, by `since`, not by time; or the word that it missed more than is kept and needs a fresh snapshot.",
  "A change is refused as a conflict only when somebody else has changed the same field since the `version` that one saw.",
  "Losing access takes effect at once: `access:revoked`, then the socket closes.",
];

export const TRANSPORT = "Socket.IO 4, websocket only, with the session cookie";

/** What OpenAPI has no words for: the same changes, live. */
export function describeLiveProtocol(book: SchemaBook) {
  const fromClient = Object.entries(FROM_CLIENT).map(([name, { says, answer, payload, example }]) => ({
    name,
    says,
    answer,
    example,
    right: MESSAGES[name as keyof typeof MESSAGES],
    payload: book.body(payload),
  }));
  return {
    transport: TRANSPORT,
    promises: PROMISES,
    fromClient: fromClient satisfies { payload: JsonSchema }[],
    fromServer: Object.entries(FROM_SERVER).map(([name, told]) => ({ name, ...told })),
  };
}
