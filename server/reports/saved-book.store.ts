import mongoose, { type mongo } from "mongoose";
import { SavedBookModel, type SavedBookPart } from "./saved-book.model.ts";

type StoredPart = Omit<SavedBookPart, "bytes"> & { bytes: mongo.Binary };

export type Cover = Pick<SavedBookPart, "seq" | "parts">;

const idOf = (pipelineId: string) => new mongoose.Types.ObjectId(pipelineId);

/** The newest book of this format up to a number of the log. */
export async function findCover(
  pipelineId: string,
  { format, upTo }: { format: number; upTo: number },
): Promise<Cover | undefined> {
  const found = await SavedBookModel.collection.findOne<Cover>(
    { pipelineId: idOf(pipelineId), part: 0, seq: { $lte: upTo }, format },
    { sort: { seq: -1 }, projection: { seq: 1, parts: 1 } },
  );
  return found ?? undefined;
}

/** Undefined when it is gone: another process has put a newer book in its place. */
export async function findPart(
  pipelineId: string,
  { seq, part, format }: Pick<SavedBookPart, "seq" | "part" | "format">,
): Promise<Uint8Array | undefined> {
  const found = await SavedBookModel.collection.findOne<StoredPart>({
    pipelineId: idOf(pipelineId),
    part,
    seq,
    format,
  });
  return found?.bytes.buffer;
}

/** Writes over what a process that ended half-way has left. */
export async function savePart(
  pipelineId: string,
  { seq, part, parts, format, bytes }: Omit<SavedBookPart, "_id" | "pipelineId">,
): Promise<void> {
  await SavedBookModel.collection.updateOne(
    { pipelineId: idOf(pipelineId), part, seq },
    { $set: { parts, format, bytes } },
    { upsert: true },
  );
}

export async function deleteBooksBefore(pipelineId: string, seq: number): Promise<void> {
  await SavedBookModel.deleteMany({ pipelineId, seq: { $lt: seq } });
}
