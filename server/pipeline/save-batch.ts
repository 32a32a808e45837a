import type { ClientSession } from "mongoose";
import { appendEvents } from "#server/activity/event.store.ts";
import { saveContacts } from "#server/contacts/save-contacts.store.ts";
import { saveMutations, type AnsweredMutation } from "./mutation.store.ts";
import { advancePipeline } from "./pipeline.store.ts";
import { closeTransaction, commitTransaction, isLostRace, openTransaction } from "./transaction.ts";
import type { WorkingSet } from "./working-set.ts";

export type SaveResult =
  | { saved: true }
  /** Another process was faster, or the database asked to try again: read and decide anew. */
  | { saved: false; reason: "stale" }
  /** A unique name is taken: a mutation that was already answered, or a contact made elsewhere. */
  | { saved: false; reason: "duplicate"; collection: string; field: string };

const DUPLICATE_KEY = 11_000;

/** The driver keeps no `keyValue` of bulk writes; the server's text names the collection and the index. */
function describeDuplicate(error: unknown): { collection: string; field: string } | undefined {
  const { code, message } = error as Error & { code?: number };
  if (code !== DUPLICATE_KEY) return undefined;
  const [, collection = "", index = ""] =
    /collection: [^.\s]+\.(\S+) index: (\S+) dup key/.exec(message) ?? [];
  // Unique names are unique per organization: `organizationId_1_username_1`.
  return { collection, field: index.split("_").at(-2) ?? "" };
}

/**
 * Saves a decided batch: contacts, events, counter, totals and answers in one transaction, all or nothing: a new one,
 * or the one that holds the pipeline. It has ended when this returns.
 */
export async function saveBatch(
  batch: WorkingSet,
  mutations: AnsweredMutation[],
  claimed?: ClientSession,
): Promise<SaveResult> {
  const session = claimed ?? (await openTransaction());
  try {
    // No parallel operations: a transaction is one conversation.
    if (batch.events.length > 0) {
      const current = await advancePipeline(batch.start, batch.pipeline, session);
      if (!current || !(await saveContacts(batch.writes(), batch.organizationId, session))) {
        return { saved: false, reason: "stale" };
      }
      await appendEvents(batch.events, batch.organizationId, session);
    }
    for (const effect of batch.effects) await effect(session);
    await saveMutations(mutations, batch.organizationId, session);
    await commitTransaction(session);
    return { saved: true };
  } catch (error) {
    const duplicate = describeDuplicate(error);
    if (duplicate) return { saved: false, reason: "duplicate", ...duplicate };
    if (isLostRace(error)) return { saved: false, reason: "stale" };
    throw error;
  } finally {
    await closeTransaction(session);
  }
}
