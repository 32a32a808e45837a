import type { AccessEnd } from "@dmtracker/shared/contracts/realtime.ts";
import type { AppContext } from "#server/app-context.ts";
import { createGate } from "#server/platform/gate.ts";
import type { LiveSocket } from "#server/platform/sockets.ts";
import { findMembership } from "./member.store.ts";
import { findSessionEnd } from "./require-membership.ts";

const LONGEST_WAIT_MS = 3_600_000;
/** One clock for all sockets: a timer for each would be a good part of what a viewer costs. */
const TICK_MS = 1_000;
/** After a process has died everybody comes at once: commits must still get their turn at the database. */
const AT_ONCE = 16;

const SIGNED_OUT: AccessEnd = { cause: "signed_out", reason: "Your session has ended. Sign in again." };
const REMOVED: AccessEnd = { cause: "removed", reason: "You are no longer a member of this organization." };

/** Closes sockets whose session or membership has ended. Using the product moves that end, so it is looked at again. */
export class SessionWatch {
  readonly #app: AppContext;
  readonly #gate = createGate(AT_ONCE);
  /** When each is looked at again, in milliseconds of this process; not while it is being looked at. */
  readonly #due = new Map<LiveSocket, number>();
  readonly #clock: NodeJS.Timeout;

  constructor(app: AppContext) {
    this.#app = app;
    this.#clock = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#clock);
  }

  #tick(): void {
    const now = performance.now();
    for (const [socket, at] of this.#due) if (at <= now) void this.#look(socket);
  }

  watch(socket: LiveSocket): void {
    // At once as well: what ended between the handshake and entering the rooms of session and member reached nobody.
    void this.#look(socket);
  }

  forget(socket: LiveSocket): void {
    this.#due.delete(socket);
  }

  /** For when the word of another process may have been lost: whoever was signed out or removed there goes here too. */
  async lookAtAll(): Promise<void> {
    await Promise.all([...this.#due.keys()].map((socket) => this.#look(socket)));
  }

  async #look(socket: LiveSocket): Promise<void> {
    this.#due.set(socket, Infinity);
    let wait = LONGEST_WAIT_MS;
    try {
      const end = await this.#gate(() => this.#findEnd(socket));
      wait = Math.min(wait, end.getTime() - this.#app.now().getTime());
    } catch (error) {
      this.#app.logger.warn({ err: error }, "a session could not be checked");
    }
    if (this.#due.has(socket)) this.#due.set(socket, performance.now() + Math.max(0, wait));
  }

  /** When there is nothing to look at before; who has no access any more is closed. */
  async #findEnd(socket: LiveSocket): Promise<Date> {
    const { userId, organizationId, sessionId } = socket.data;
    const [end, membership] = await Promise.all([
      findSessionEnd(this.#app, sessionId),
      findMembership(this.#app.auth, userId, organizationId),
    ]);
    if (end && membership) return end;
    if (socket.connected) {
      socket.emit("access:revoked", end ? REMOVED : SIGNED_OUT);
      socket.disconnect(true);
    }
    return new Date(this.#app.now().getTime() + LONGEST_WAIT_MS);
  }
}
