import type {
  BulkAction,
  ChangeContactsMessage,
  UndoAnswer,
  UndoMessage,
} from "@dmtracker/shared/contracts/bulk.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type {
  AccessEnd,
  ChangeContactMessage,
  ChangeReply,
  ClientToServerEvents,
  JoinReply,
  Reply,
  ServerToClientEvents,
  Viewer,
} from "@dmtracker/shared/contracts/realtime.ts";
import { io, type Socket } from "socket.io-client";

const ACK_TIMEOUT_MS = 8_000;
const RECONNECT_MIN_MS = 400;
const RECONNECT_MAX_MS = 8_000;
/** Changing from a process that stops to another one takes less; what takes longer is an interruption. */
const MOVE_LIMIT_MS = 1_500;

/** Why one is out; another role is none of these. */
export type LostAccess = AccessEnd & { cause: Exclude<AccessEnd["cause"], "role_changed"> };

export type ChannelListener = {
  /** A fresh connection: whatever was joined before is forgotten by the server. */
  connected: () => void;
  disconnected: () => void;
  events: (message: { pipelineId: string; events: PipelineEvent[] }) => void;
  head: (message: { pipelineId: string; seq: number; apart?: true }) => void;
  /** Somebody waits to hear that everything up to `seq` is on this screen. */
  delivered: (message: { pipelineId: string; seq: number }, answer: (applied: boolean) => void) => void;
  presence: (message: { pipelineId: string; viewers: Viewer[] }) => void;
  /** Saved views of this pipeline are not what they were. */
  viewsChanged: (pipelineId: string) => void;
  /** Wins have changed, as of this number: won, reversed, or worth something else. */
  wins: (message: { pipelineId: string; seq: number }) => void;
  bulk: (message: { bulk: BulkAction }) => void;
  /** The browser came back (network, tab): what is on the screen may be old without a sign. */
  woke: () => void;
  /** Access is gone: signed out, removed or without a session. The channel stops by itself. */
  revoked: (reason: string, cause?: LostAccess["cause"]) => void;
  /** Another role in the same organization: the server hangs up, and the next connection is made with it. */
  roleChanged: (reason: string) => void;
};

/** The live connection as the state knows it; tests put a fake of this type in its place. */
export type BoardChannel = {
  readonly connected: boolean;
  connect(): void;
  /** Drops the connection, alive or not, and makes a new one at once. */
  reconnect(): void;
  close(): void;
  listen(listener: Partial<ChannelListener>): () => void;
  /** The calls reject when the connection is down or the answer takes too long. */
  join(pipelineId: string, since: number): Promise<Reply<JoinReply>>;
  leave(pipelineId: string): Promise<Reply<object>>;
  change(message: ChangeContactMessage): Promise<Reply<ChangeReply>>;
  setPresence(pipelineId: string, contactId: string | null): Promise<Reply<object>>;
  changeMany(message: ChangeContactsMessage): Promise<Reply<{ bulk: BulkAction }>>;
  undo(message: UndoMessage): Promise<Reply<UndoAnswer>>;
  cancelBulk(bulkId: string): Promise<Reply<{ bulk: BulkAction }>>;
};

class SocketChannel implements BoardChannel {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #listeners = new Set<Partial<ChannelListener>>();
  readonly #stopWatching: () => void;
  #closed = false;
  /** On the way to another process: no interruption yet. */
  #moving: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#socket = io({
      // Polling would only add a second way that nobody tests.
      transports: ["websocket"],
      autoConnect: false,
      ackTimeout: ACK_TIMEOUT_MS,
      reconnectionAttempts: Infinity,
      reconnectionDelay: RECONNECT_MIN_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS,
      // A whole office reconnects after a deploy: spread it.
      randomizationFactor: 0.5,
    });
    this.#wire();
    this.#stopWatching = this.#watchBrowser();
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  connect(): void {
    if (!this.#closed) this.#socket.connect();
  }

  reconnect(): void {
    if (this.#closed) return;
    this.#socket.disconnect();
    this.#socket.connect();
  }

  close(): void {
    this.#closed = true;
    this.#stopWatching();
    this.#socket.disconnect();
    this.#listeners.clear();
  }

  listen(listener: Partial<ChannelListener>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async join(pipelineId: string, since: number): Promise<Reply<JoinReply>> {
    return (await this.#connectedSocket()).emitWithAck("pipeline:join", { pipelineId, since });
  }

  async leave(pipelineId: string): Promise<Reply<object>> {
    return (await this.#connectedSocket()).emitWithAck("pipeline:leave", { pipelineId });
  }

  async change(message: ChangeContactMessage): Promise<Reply<ChangeReply>> {
    return (await this.#connectedSocket()).emitWithAck("contact:change", message);
  }

  async changeMany(message: ChangeContactsMessage): Promise<Reply<{ bulk: BulkAction }>> {
    return (await this.#connectedSocket()).emitWithAck("contacts:change", message);
  }

  async undo(message: UndoMessage): Promise<Reply<UndoAnswer>> {
    return (await this.#connectedSocket()).emitWithAck("change:undo", message);
  }

  async cancelBulk(bulkId: string): Promise<Reply<{ bulk: BulkAction }>> {
    return (await this.#connectedSocket()).emitWithAck("bulk:cancel", { bulkId });
  }

  async setPresence(pipelineId: string, contactId: string | null): Promise<Reply<object>> {
    return (await this.#connectedSocket()).emitWithAck("presence:set", { pipelineId, contactId });
  }

  /** Socket.IO would keep the packet and send it some time later; our own queue decides that. */
  #connectedSocket(): Promise<Socket<ServerToClientEvents, ClientToServerEvents>> {
    return this.#socket.connected
      ? Promise.resolve(this.#socket)
      : Promise.reject(new Error("The connection is down"));
  }

  #tell<Name extends keyof ChannelListener>(name: Name, ...args: Parameters<ChannelListener[Name]>): void {
    for (const listener of [...this.#listeners]) {
      const told = listener[name] as ((...args: Parameters<ChannelListener[Name]>) => void) | undefined;
      told?.(...args);
    }
  }

  #wire(): void {
    const socket = this.#socket;
    socket.on("connect", () => {
      clearTimeout(this.#moving);
      this.#moving = undefined;
      this.#tell("connected");
    });
    socket.on("disconnect", (reason) => {
      if (this.#moving === undefined) this.#tell("disconnected");
      // The library reconnects by itself, except when the server hung up.
      if (reason === "io server disconnect")
        setTimeout(() => this.connect(), RECONNECT_MIN_MS * (1 + Math.random()));
    });
    socket.on("connect_error", (error) => {
      this.#moveFailed();
      if (error.message === "unauthenticated") this.#tell("revoked", "You are signed out");
      else if (error.message === "no_organization")
        this.#tell("revoked", "You are no longer a member of this organization", "removed");
      else if (!socket.active) {
        const { retryAfterS = 0 } = (error as { data?: { retryAfterS?: number } }).data ?? {};
        setTimeout(() => this.connect(), retryAfterS * 1_000 + RECONNECT_MAX_MS * Math.random());
      }
    });
    socket.on("server:leaving", ({ withinMs }) => {
      const { id } = socket;
      // Everybody at another moment: the other processes take them in one by one.
      setTimeout(() => socket.id === id && this.#move(), Math.random() * withinMs);
    });
    socket.on("pipeline:events", (message) => this.#tell("events", message));
    socket.on("pipeline:head", (message) => this.#tell("head", message));
    socket.on("bulk:progress", (message) => this.#tell("bulk", message));
    socket.on("pipeline:delivered", (message, answer) => this.#tell("delivered", message, answer));
    socket.on("presence", (message) => this.#tell("presence", message));
    socket.on("wins", (message) => this.#tell("wins", message));
    socket.on("views:changed", ({ pipelineId }) => this.#tell("viewsChanged", pipelineId));
    socket.on("access:revoked", ({ reason, cause }) => {
      if (cause === "role_changed") this.#tell("roleChanged", reason);
      else this.#tell("revoked", reason, cause);
    });
  }

  #move(): void {
    if (this.#closed || !this.connected) return;
    this.#moving = setTimeout(() => this.#moveFailed(), MOVE_LIMIT_MS);
    this.reconnect();
  }

  #moveFailed(): void {
    if (this.#moving === undefined) return;
    clearTimeout(this.#moving);
    this.#moving = undefined;
    this.#tell("disconnected");
  }

  #watchBrowser(): () => void {
    const woke = () => {
      if (document.visibilityState !== "visible") return;
      if (this.connected) this.#tell("woke");
      else this.reconnect();
    };
    window.addEventListener("online", woke);
    window.addEventListener("offline", woke);
    document.addEventListener("visibilitychange", woke);
    return () => {
      window.removeEventListener("online", woke);
      window.removeEventListener("offline", woke);
      document.removeEventListener("visibilitychange", woke);
    };
  }
}

export function openBoardChannel(): BoardChannel {
  return new SocketChannel();
}
