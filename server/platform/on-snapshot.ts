import mongoose, { type ClientSession } from "mongoose";

/** Runs reads that must agree with one another, and with the `seq` they are labelled with, on one snapshot. */
export async function onSnapshot<T>(read: (session: ClientSession) => Promise<T>): Promise<T> {
  const session = await mongoose.startSession();
  try {
    session.startTransaction({ readConcern: { level: "snapshot" } });
    const result = await read(session);
    await session.commitTransaction();
    return result;
  } finally {
    await session.endSession();
  }
}
