import mongoose, { type ClientSession } from "mongoose";
import { MUTATION_DAYS, MutationModel, type MutationRecord } from "./mutation.model.ts";

const DAY_MS = 86_400_000;

/** A call that named itself, so that a retry gets the first answer. */
export type Mutation = { id: string; fingerprint: string };

export type AnsweredMutation = Mutation & { answer: unknown };

/** Those of the mutations that were already answered, by id. */
export async function findAnsweredMutations(
  organizationId: string,
  ids: string[],
): Promise<Map<string, AnsweredMutation>> {
  const records = await MutationModel.find({ organizationId, mutationId: { $in: ids } }).lean<
    MutationRecord[]
  >();
  return new Map(
    records.map(({ mutationId, fingerprint, answer }) => [
      mutationId,
      { id: mutationId, fingerprint, answer },
    ]),
  );
}

/** Saves answers inside the running transaction; a mutation that is already there fails it with code 11000. */
export async function saveMutations(
  mutations: AnsweredMutation[],
  organizationId: string,
  session: ClientSession,
): Promise<void> {
  if (mutations.length === 0) return;
  const expireAt = new Date(Date.now() + MUTATION_DAYS * DAY_MS);
  const records = mutations.map(({ id, fingerprint, answer }) => ({
    _id: new mongoose.Types.ObjectId(),
    organizationId: new mongoose.Types.ObjectId(organizationId),
    mutationId: id,
    fingerprint,
    answer,
    expireAt,
  }));
  await MutationModel.collection.insertMany(records, { session });
}
