import { AppError } from "#server/platform/app-error.ts";
import { findAnsweredMutations, type AnsweredMutation, type Mutation } from "./mutation.store.ts";

/**
 * The answer that a call has got before.
 * @throws AppError key_reused when it was another call that used the key
 */
export function repeatAnswer(call: Mutation | undefined, first: AnsweredMutation): unknown {
  if (call?.fingerprint === first.fingerprint) return first.answer;
  throw new AppError("key_reused", "This key was already used for a different call", {
    issues: [{ path: "Idempotency-Key", message: "must be new for a new call" }],
  });
}

/** For doors that check something before a call can queue: what was once done is answered as done, whatever has changed. */
export async function findFirstAnswer<Answer>(
  organizationId: string,
  call: Mutation | undefined,
): Promise<Answer | undefined> {
  if (!call) return undefined;
  const first = (await findAnsweredMutations(organizationId, [call.id])).get(call.id);
  return first && (repeatAnswer(call, first) as Answer);
}
