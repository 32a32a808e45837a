import { z } from "zod";
import { ContactChange } from "./contact.ts";
import type { ErrorBody } from "./errors.ts";
import type {
  BulkAction,
  CancelBulkMessage,
  ChangeContactsMessage,
  UndoAnswer,
  UndoMessage,
} from "./bulk.ts";
import type { PipelineEvent } from "./event.ts";
import { MutationId } from "./mutation-id.ts";
import { Id } from "./primitives.ts";

export const JoinPipeline = z.strictObject({
  pipelineId: Id,
  /** Last `seq` the client has applied; absent on a first join. */
  since: z.int().min(0).optional(),
});
export type JoinPipeline = z.infer<typeof JoinPipeline>;

export const LeavePipeline = z.strictObject({ pipelineId: Id });
export type LeavePipeline = z.infer<typeof LeavePipeline>;

export const ChangeContactMessage = z.strictObject({
  ...ContactChange.shape,
  /** Made by the client, unique per wish: sending it again gets the first answer. */
  mutationId: MutationId,
  contactId: Id,
  /** The contact's version that the person saw; absent means "whatever it is now". */
  version: z.int().min(1).optional(),
});
export type ChangeContactMessage = z.infer<typeof ChangeContactMessage>;

export const SetPresence = z.strictObject({ pipelineId: Id, contactId: Id.nullable() });
export type SetPresence = z.infer<typeof SetPresence>;

/** Everything is acknowledged with one of these two. */
export type Reply<T> = ({ ok: true } & T) | ({ ok: false } & ErrorBody);

/** What was missed since `since`, or the word that a fresh snapshot is needed. */
export type JoinReply = { seq: number; events: PipelineEvent[] } | { seq: number; snapshot: true };
export type ChangeReply = { seq: number; version: number };

/** Why access ended, for the page to know what comes next, and as a sentence. */
export type AccessEnd = {
  cause: "signed_out" | "removed" | "role_changed" | "switched" | "deleted";
  reason: string;
};

export type Viewer = { userId: string; name: string; contactId: string | null };

export type ClientToServerEvents = {
  "pipeline:join": (input: JoinPipeline, ack: (reply: Reply<JoinReply>) => void) => void;
  "pipeline:leave": (input: LeavePipeline, ack: (reply: Reply<object>) => void) => void;
  "contact:change": (input: ChangeContactMessage, ack: (reply: Reply<ChangeReply>) => void) => void;
  /** Many contacts, one act: answered when it is done, or on its way when it is a long one. */
  "contacts:change": (
    input: ChangeContactsMessage,
    ack: (reply: Reply<{ bulk: BulkAction }>) => void,
  ) => void;
  "change:undo": (input: UndoMessage, ack: (reply: Reply<UndoAnswer>) => void) => void;
  "bulk:cancel": (input: CancelBulkMessage, ack: (reply: Reply<{ bulk: BulkAction }>) => void) => void;
  "presence:set": (input: SetPresence, ack: (reply: Reply<object>) => void) => void;
};

export type ServerToClientEvents = {
  /** The events of one commit, in order. */
  "pipeline:events": (message: { pipelineId: string; events: PipelineEvent[] }) => void;
  /**
   * Heartbeat: the last committed `seq`. Being behind it means something was missed. `apart`: the processes cannot
   * hear each other, so what comes through another one comes with the heartbeat, which beats every second meanwhile.
   */
  "pipeline:head": (message: { pipelineId: string; seq: number; apart?: true }) => void;
  /** Somebody wants to know who has seen a change: answered with true as soon as everything up to `seq` is applied. */
  "pipeline:delivered": (
    message: { pipelineId: string; seq: number },
    ack: (applied: boolean) => void,
  ) => void;
  presence: (message: { pipelineId: string; viewers: Viewer[] }) => void;
  /** Won, no longer won, or worth something else: a hint, what it means is in `GET /wins`. */
  wins: (message: { pipelineId: string; seq: number }) => void;
  /** Saved views that one sees have changed: read them anew. */
  "views:changed": (message: { pipelineId: string }) => void;
  /** Access has ended or changed: the socket closes, the page says why. */
  "access:revoked": (message: AccessEnd) => void;
  /** This process is about to stop: connect anew, which leads to another one, at a random moment within that time. */
  "server:leaving": (message: { withinMs: number }) => void;
  /** How far one's own bulk action is. */
  "bulk:progress": (message: { bulk: BulkAction }) => void;
};

/** A wins screen without an account hears this and can say nothing. */
export type TvEvents = Pick<ServerToClientEvents, "wins" | "access:revoked" | "server:leaving">;
