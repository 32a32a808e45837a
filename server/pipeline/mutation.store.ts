import mongoose, { type ClientSession } from "mongoose";
import { MUTATION_DAYS, MutationModel, type MutationRecord } from "./mutation.model.ts";

const DAY_MS = 86_400_000;
const DUPLICATE_KEY = 11_000;

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

/** A call that belongs to an organization or, with `NO_ORGANIZATION`, to a person or an address. */
export type ClaimedCall = Mutation & { organizationId: string };
export type Claim = { fingerprint: string; answer: unknown; claimedAt: Date | undefined };

export const NO_ORGANIZATION = "0".repeat(24);
/** A call that ended without an answer: nobody waits for it any more. */
const LOST = new Date(0);

const keyOf = ({ organizationId, id }: ClaimedCall) => ({
  organizationId: new mongoose.Types.ObjectId(organizationId),
  mutationId: id,
});

/**
 * Takes an id for a call that begins now: of all processes one gets it.
 * @returns what the id stands for already; undefined when it is the caller's from now on
 */
export async function claimMutation(call: ClaimedCall, now: Date): Promise<Claim | undefined> {
  const record = {
    ...keyOf(call),
    _id: new mongoose.Types.ObjectId(),
    fingerprint: call.fingerprint,
    answer: null,
    claimedAt: now,
    // By the clock of the database, as its expiry is.
    expireAt: new Date(Date.now() + DAY_MS),
  };
  for (;;) {
    try {
      await MutationModel.collection.insertOne(record);
      return undefined;
    } catch (error) {
      if ((error as { code?: number }).code !== DUPLICATE_KEY) throw error;
    }
    const known = await MutationModel.findOne(keyOf(call)).lean<MutationRecord>();
    // Given back in between: it is free again.
    if (known) return { ...known, claimedAt: known.claimedAt };
  }
}

/** Keeps the answer of a claimed call. What was deleted meanwhile, with its organization, stays deleted. */
export async function answerClaim(call: ClaimedCall, answer: string): Promise<void> {
  await MutationModel.collection.updateOne(keyOf(call), { $set: { answer }, $unset: { claimedAt: "" } });
}

/** The call was refused: nothing has happened, its key may be used again. */
export async function releaseClaim(call: ClaimedCall): Promise<void> {
  await MutationModel.collection.deleteOne({ ...keyOf(call), fingerprint: call.fingerprint });
}

/** The call failed on its way: how much of it has happened is not known. */
export async function loseClaim(call: ClaimedCall): Promise<void> {
  await MutationModel.collection.updateOne(keyOf(call), { $set: { claimedAt: LOST } });
}
