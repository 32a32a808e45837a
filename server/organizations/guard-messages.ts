import { MESSAGES } from "@dmtracker/shared/contracts/doors.ts";
import { describeRight, may, type Right } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { createTurns } from "#server/platform/in-turn.ts";
import { refusalOf, type LiveSocket } from "#server/platform/sockets.ts";
import { requireMembership } from "./require-membership.ts";

function rightOf(message: string): Right {
  const right = Object.hasOwn(MESSAGES, message) ? MESSAGES[message as keyof typeof MESSAGES] : undefined;
  if (!right) throw new AppError("not_found", "There is no such message");
  return right;
}

async function requireRight(app: AppContext, socket: LiveSocket, message: string): Promise<void> {
  const right = rightOf(message);
  await app.limits.take("message", socket.data.userId);
  const { role } = await requireMembership(app, socket.data);
  if (!may(role, right)) throw new AppError("forbidden", describeRight(right));
}

/**
 * The one place where the live protocol decides who may do what: with every message, not only when a socket opens.
 * Messages stay in the order in which they came, however long each look takes.
 */
export function guardMessages(app: AppContext, socket: LiveSocket): void {
  const inTurn = createTurns();
  socket.use((packet: unknown[], next) => {
    const answer = packet.at(-1);
    inTurn(requireRight(app, socket, String(packet[0]))).then(
      () => next(),
      (error: unknown) => {
        if (typeof answer === "function") (answer as (reply: object) => void)(refusalOf(error, app.logger));
      },
    );
  });
}
