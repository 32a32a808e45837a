import type { ClientSession } from "mongoose";
import { saveMutations, type AnsweredMutation } from "./mutation.store.ts";
import { closeTransaction, commitTransaction, isLostRace, openTransaction } from "./transaction.ts";

const MAX_TRIES = 5;
const DUPLICATE_KEY = 11_000;

/**
 * Inserts something and the answer of the call that named itself, both or neither.
 * @returns false when one of them is there already
 */
export async function insertNamed(
  insert: (session: ClientSession) => Promise<unknown>,
  { organizationId, mutation }: { organizationId: string; mutation: AnsweredMutation | undefined },
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const session = await openTransaction();
    try {
      await insert(session);
      await saveMutations(mutation ? [mutation] : [], organizationId, session);
      await commitTransaction(session);
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === DUPLICATE_KEY) return false;
      if (!isLostRace(error) || attempt === MAX_TRIES) throw error;
    } finally {
      await closeTransaction(session);
    }
  }
}
