import mongoose from "mongoose";

type LeaseRecord = { _id: string; holder: string; until: Date };

export const LeaseModel = mongoose.model<LeaseRecord>(
  "Lease",
  new mongoose.Schema(
    { _id: String, holder: String, until: Date },
    { versionKey: false, strict: "throw" },
  ) as unknown as mongoose.Schema<LeaseRecord>,
  "leases",
);

const DUPLICATE_KEY = 11_000;

/**
 * Takes a lease that is free, or keeps the one that is held: of all processes at most one has it.
 * @returns false when another process has it
 */
export async function holdLease(
  name: string,
  holder: string,
  { now, forMs }: { now: Date; forMs: number },
): Promise<boolean> {
  const until = new Date(now.getTime() + forMs);
  try {
    const result = await LeaseModel.collection.updateOne(
      { _id: name, $or: [{ holder }, { until: { $lte: now } }] } as object,
      { $set: { holder, until } },
      { upsert: true },
    );
    return result.matchedCount + result.upsertedCount === 1;
  } catch (error) {
    // Somebody else's lease holds: the upsert has met it.
    if ((error as { code?: number }).code === DUPLICATE_KEY) return false;
    throw error;
  }
}

/** A process that stops leaves its work to the others at once. */
export async function endLease(name: string, holder: string): Promise<void> {
  await LeaseModel.deleteOne({ _id: name, holder });
}
