import {
  ContactModel,
  type ContactRecord,
  derivedOf,
  toStoredFields,
} from "@dmtracker/server/contacts/contact.model.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import mongoose from "mongoose";

const INSERTED_AT_ONCE = 5_000;
const DAY_MS = 86_400_000;
const STATUSES = ["open", "open", "open", "won", "lost", "abandoned"] as const;
const NAMES = ["kim", "ana", "jade", "marcus", "zoe", "lena", "omar", "yuki"];

/** Puts so many contacts like those of the demo, with three years of dates, into the demo's pipeline. */
export async function fillPipeline(contacts: number): Promise<void> {
  const record = await PipelineModel.findOne().lean();
  const pattern = await ContactModel.findOne().lean();
  if (!record || !pattern) throw new Error("there is no demo to fill");
  const tagIds = await ContactModel.distinct("tagIds");
  const assigneeIds = await ContactModel.distinct("assigneeId");
  const { totals } = record;

  const aRecord = (index: number): ContactRecord => {
    const at = (days: number) => new Date(Date.now() - (((index * 7_919) % 1_000) + days) * DAY_MS);
    const name = NAMES[index % NAMES.length] ?? "";
    const fields = {
      username: `${name}.${index}`,
      displayName: `${name} ${NAMES[(index >> 3) % NAMES.length]}`,
      email: index % 3 === 0 ? `${name}.${index}@example.com` : null,
      phone: null,
      lastMessage: { direction: "in" as const, text: "Sounds good, tell me more", at: at(1).toISOString() },
    };
    return {
      ...pattern,
      ...toStoredFields(fields),
      ...derivedOf(fields),
      _id: new mongoose.Types.ObjectId(),
      manychatId: null,
      stageId: new mongoose.Types.ObjectId(record.stages[index % record.stages.length]?.id),
      rank: `b${index.toString(36).padStart(6, "0")}`,
      leadStatus: STATUSES[Math.floor(index / 7) % STATUSES.length] ?? "open",
      value: index % 4 === 0 ? index % 5_000 : null,
      tagIds: tagIds.filter((_id, place) => (index + place) % 5 === 0),
      assigneeId: assigneeIds[index % assigneeIds.length] ?? null,
      createdAt: at(20),
      statusChangedAt: at(3),
      lastActivityAt: at(1),
    };
  };

  for (let from = 0; from < contacts; from += INSERTED_AT_ONCE) {
    const records = Array.from({ length: Math.min(INSERTED_AT_ONCE, contacts - from) }, (_, index) =>
      aRecord(from + index),
    );
    await ContactModel.collection.insertMany(records);
    for (const { stageId, leadStatus, value } of records) {
      const total = ((totals[String(stageId)] ??= {})[leadStatus] ??= { count: 0, value: 0 });
      total.count += 1;
      total.value += value ?? 0;
    }
  }
  await PipelineModel.updateOne({ _id: record._id }, { $set: { totals } });
}
