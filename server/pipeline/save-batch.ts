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
  | { saved: false; reason: "duplicate"; collection: string; field: string };

type MongoFailure = Error & {
  code?: number;
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

/** The driver keeps no `keyValue` of bulk writes; the server's text names the collection and the index. */
function describeDuplicate(error: unknown): { collection: string; field: string } | undefined {
  const { code, message } = error as MongoFailure;
  if (code !== DUPLICATE_KEY) return undefined;
  const [, collection = "", index = ""] =
    /collection: [^.\s]+\.(\S+) index: (\S+) dup key/.exec(message) ?? [];
  // Unique names are unique per organization: `organizationId_1_username_1`.
  return { collection, field: index.split("_").at(-2) ?? "" };
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
      const current = await advancePipeline(batch.start, batch.pipeline, session);
      if (!current || !(await saveContacts(batch.writes(), batch.organizationId, session))) {
        await session.abortTransaction();
        return { saved: false, reason: "stale" };
      }
      await appendEvents(batch.events, batch.organizationId, session);
    }
    for (const effect of batch.effects) await effect(session);
    await saveMutations(mutations, batch.organizationId, session);
    await commit(session);
    return { saved: true };
  } catch (error) {
    // The database forgets an open transaction by itself when it cannot be told.
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
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
