import { MESSAGES } from "@dmtracker/shared/contracts/doors.ts";
import { describeRight, may, type Right } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { createTurns, type InTurn } from "#server/platform/in-turn.ts";
import { refusalOf, type LiveSocket, type MessageDoors, type MessageName } from "#server/platform/sockets.ts";
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

/** Input is checked before it is acted on. */
async function act<Name extends MessageName>(
  { schema, run }: MessageDoors[Name],
  socket: LiveSocket,
  input: unknown,
): Promise<object> {
  return run(socket, schema.parse(input));
}

/**
 * The one place where the live protocol decides who may do what: with every message, not only when a socket opens.
 * Messages stay in the order in which they came, however long each look takes; each that asks for an answer gets one,
 * whatever happens. One listener for all of them: a board has thousands of viewers, and most never say more than one.
 */
export function hearMessages(app: AppContext, socket: LiveSocket, doors: MessageDoors): void {
  let inTurn: InTurn | undefined;
  socket.onAny((message: string, ...rest: unknown[]) => {
    const answer = rest.at(-1);
    inTurn ??= createTurns();
    inTurn(requireRight(app, socket, message))
      .then(async () => {
        if (typeof answer !== "function" || !socket.connected) return;
        const reply = await act(doors[message as MessageName], socket, rest[0]);
        (answer as (reply: object) => void)({ ok: true, ...reply });
      })
      .catch((error: unknown) => {
        if (typeof answer === "function") (answer as (reply: object) => void)(refusalOf(error, app.logger));
      });
  });
}
