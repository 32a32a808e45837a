import mongoose, { type ClientSession } from "mongoose";

type MongoFailure = Error & { code?: number; hasErrorLabel?: (label: string) => boolean };

const COMMIT_TRIES = 5;
const WRITE_CONFLICT = 112;

const hasLabel = (error: unknown, label: string): boolean =>
  (error as MongoFailure).hasErrorLabel?.(label) === true;

/** Whether another transaction was faster, or the database asks to try again for a reason of its own. */
export const isLostRace = (error: unknown): boolean =>
  hasLabel(error, "TransientTransactionError") || (error as MongoFailure).code === WRITE_CONFLICT;

export async function openTransaction(): Promise<ClientSession> {
  const session = await mongoose.startSession();
  session.startTransaction({
    readConcern: { level: "snapshot" },
    writeConcern: { w: "majority", j: true },
  });
  return session;
}

/** Commits; when the outcome is unknown (connection lost on the way) asks again, which the server answers alike. */
export async function commitTransaction(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasLabel(error, "UnknownTransactionCommitResult") || attempt === COMMIT_TRIES) throw error;
    }
  }
}

/** Ends a session; what was not committed never happened. The database forgets it by itself when it cannot be told. */
export async function closeTransaction(session: ClientSession): Promise<void> {
  if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
  await session.endSession();
}
