import mongoose from "mongoose";
import { appendEvents } from "#server/activity/event.store.ts";
import { saveContacts } from "#server/contacts/contact.store.ts";
import { saveMutations, type AnsweredMutation } from "./mutation.store.ts";
import { advancePipeline } from "./pipeline.store.ts";
import type { WorkingSet } from "./working-set.ts";

export type SaveResult =
  | { saved: true }
  /** Another process was faster, or the database asked to try again: read and decide anew. */
  | { saved: false; reason: "stale" }
  /** A unique name is taken: a mutation that was already answered, or a contact made elsewhere. */
  | { saved: false; reason: "duplicate"; collection: string; keyValue: Record<string, unknown> };

type MongoFailure = Error & {
  code?: number;
  keyValue?: Record<string, unknown>;
  hasErrorLabel?: (label: string) => boolean;
};

const COMMIT_TRIES = 5;
const WRITE_CONFLICT = 112;
const DUPLICATE_KEY = 11_000;

const hasLabel = (error: unknown, label: string): boolean =>
  (error as MongoFailure).hasErrorLabel?.(label) === true;

/** Commits; when the outcome is unknown (connection lost on the way) asks again, which the server answers alike. */
async function commit(session: mongoose.ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasLabel(error, "UnknownTransactionCommitResult") || attempt === COMMIT_TRIES) throw error;
    }
  }
}

/** The driver puts the details of a bulk write's duplicate on the first write error. */
function describeDuplicate(
  error: unknown,
): { collection: string; keyValue: Record<string, unknown> } | undefined {
  const failure = error as MongoFailure & {
    writeErrors?: { err?: { keyValue?: Record<string, unknown> } }[];
  };
  if (failure.code !== DUPLICATE_KEY) return undefined;
  const [, collection = ""] = /collection: [^.\s]+\.(\S+) index/.exec(failure.message) ?? [];
  const keyValue = failure.keyValue ?? failure.writeErrors?.[0]?.err?.keyValue ?? {};
  return { collection, keyValue };
}

/** Saves a decided batch: contacts, events, counter, totals and answers in one transaction, all or nothing. */
export async function saveBatch(batch: WorkingSet, mutations: AnsweredMutation[]): Promise<SaveResult> {
  const session = await mongoose.startSession();
  try {
    session.startTransaction({
      readConcern: { level: "snapshot" },
      writeConcern: { w: "majority", j: true },
    });
    // No parallel operations: a transaction is one conversation.
    if (batch.events.length > 0) {
      const current = await advancePipeline(batch.start, batch.events, session);
      if (!current || !(await saveContacts(batch.writes(), batch.organizationId, session))) {
        await session.abortTransaction();
        return { saved: false, reason: "stale" };
      }
      await appendEvents(batch.events, batch.organizationId, session);
    }
    await saveMutations(mutations, batch.organizationId, session);
    await commit(session);
    return { saved: true };
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction();
    const duplicate = describeDuplicate(error);
    if (duplicate) return { saved: false, reason: "duplicate", ...duplicate };
    if (hasLabel(error, "TransientTransactionError") || (error as MongoFailure).code === WRITE_CONFLICT) {
      return { saved: false, reason: "stale" };
    }
    throw error;
  } finally {
    await session.endSession();
  }
}
