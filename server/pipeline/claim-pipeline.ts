import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { ClientSession } from "mongoose";
import { holdPipeline } from "./pipeline.store.ts";
import { closeTransaction, isLostRace, openTransaction } from "./transaction.ts";

/** A transaction that holds a pipeline: until it ends, nobody else can commit to it, so it cannot lose a race. */
export type Claim = { session: ClientSession; pipeline: Pipeline | undefined };

/**
 * Writes to the pipeline first and decides afterwards: the turn of a process that keeps losing against a busier one.
 * While it decides the others wait, so it is not the usual way.
 * @returns undefined when somebody else holds the pipeline at this moment
 */
export async function claimPipeline(pipelineId: string): Promise<Claim | undefined> {
  const session = await openTransaction();
  try {
    return { session, pipeline: await holdPipeline(pipelineId, session) };
  } catch (error) {
    await closeTransaction(session);
    if (isLostRace(error)) return undefined;
    throw error;
  }
}
