import { ContactModel, type ContactRecord } from "./contact.model.ts";

type IdOnly = Pick<ContactRecord, "_id">;

const toIds = (records: IdOnly[]): string[] => records.map(({ _id }) => _id.toHexString());

/** Everybody in a stage. */
export async function findIdsOfStage(pipelineId: string, stageId: string): Promise<string[]> {
  return toIds(await ContactModel.find({ pipelineId, stageId }, { _id: 1 }).lean<IdOnly[]>());
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
