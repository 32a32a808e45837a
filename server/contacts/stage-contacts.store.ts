import { ContactModel, type ContactRecord } from "./contact.model.ts";

type IdOnly = Pick<ContactRecord, "_id">;

const toIds = (records: IdOnly[]): string[] => records.map(({ _id }) => _id.toHexString());

/** Everybody in a stage, or the first of them, from its top. */
export async function findIdsOfStage(
  pipelineId: string,
  stageId: string,
  limit = Number.MAX_SAFE_INTEGER,
): Promise<string[]> {
  const found = ContactModel.find({ pipelineId, stageId }, { _id: 1 }).sort({ rank: 1, _id: 1 });
  if (limit < Number.MAX_SAFE_INTEGER) found.limit(limit);
  return toIds(await found.lean<IdOnly[]>());
}

/** How many stand in a stage. */
export function countOfStage(pipelineId: string, stageId: string): Promise<number> {
  return ContactModel.countDocuments({ pipelineId, stageId });
}

/** The rank of the last card of a stage. */
export async function findLastRank(pipelineId: string, stageId: string): Promise<string | null> {
  const record = await ContactModel.findOne({ pipelineId, stageId }, { rank: 1 })
    .sort({ rank: -1 })
    .lean<Pick<ContactRecord, "rank">>();
  return record?.rank ?? null;
}

/** Everybody who carries a tag. */
export async function findIdsWithTag(pipelineId: string, tagId: string): Promise<string[]> {
  return toIds(await ContactModel.find({ pipelineId, tagIds: tagId }, { _id: 1 }).lean<IdOnly[]>());
}
