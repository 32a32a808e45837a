import {
  ViewContent,
  type NewView,
  type ViewChange,
  type ViewPlace,
} from "@dmtracker/shared/contracts/view.ts";
import mongoose, { type QueryFilter } from "mongoose";
import { DefaultViewModel, ViewModel, type DefaultViewRecord, type ViewRecord } from "./view.model.ts";

/** A view without the eyes of somebody in particular. */
export type StoredView = {
  id: string;
  organizationId: string;
  ownerId: string;
  pipelineId: string;
  place: ViewPlace;
  name: string;
  shared: boolean;
  content: ViewContent;
};

/** Who looks: `null` is a program, which sees what is shared. */
export type Viewer = { organizationId: string; userId: string | null };

const toObjectId = (id: string) => new mongoose.Types.ObjectId(id);

const toStored = (record: ViewRecord): StoredView => ({
  id: record._id.toHexString(),
  organizationId: record.organizationId.toHexString(),
  ownerId: record.ownerId.toHexString(),
  pipelineId: record.pipelineId.toHexString(),
  place: record.place,
  name: record.name,
  shared: record.shared,
  content: ViewContent.parse(record.content),
});

function visibleTo({ organizationId, userId }: Viewer): QueryFilter<ViewRecord> {
  const shared = { organizationId: toObjectId(organizationId), shared: true };
  if (userId === null) return shared;
  return { $or: [shared, { organizationId: toObjectId(organizationId), ownerId: toObjectId(userId) }] };
}

/** Views that somebody sees, oldest first: they do not change places. */
export async function findViews(
  viewer: Viewer,
  { pipelineId, place }: { pipelineId?: string | undefined; place?: ViewPlace | undefined },
): Promise<StoredView[]> {
  const records = await ViewModel.find({
    ...visibleTo(viewer),
    ...(pipelineId === undefined ? {} : { pipelineId: toObjectId(pipelineId) }),
    ...(place === undefined ? {} : { place }),
  })
    .sort({ _id: 1 })
    .lean<ViewRecord[]>();
  return records.map(toStored);
}

export async function findView(viewer: Viewer, id: string): Promise<StoredView | undefined> {
  const record = await ViewModel.findOne({ _id: id, ...visibleTo(viewer) }).lean<ViewRecord | null>();
  return record ? toStored(record) : undefined;
}

export function countViewsOf(organizationId: string, ownerId: string): Promise<number> {
  return ViewModel.countDocuments({ organizationId, ownerId });
}

export async function insertView(
  { organizationId, ownerId }: { organizationId: string; ownerId: string },
  { name, place, pipelineId, shared, ...content }: NewView,
  now: Date,
): Promise<StoredView> {
  const record: ViewRecord = {
    _id: new mongoose.Types.ObjectId(),
    organizationId: toObjectId(organizationId),
    ownerId: toObjectId(ownerId),
    pipelineId: toObjectId(pipelineId),
    place,
    name,
    shared,
    content,
    createdAt: now,
  };
  await ViewModel.collection.insertOne(record);
  return toStored(record);
}

/** Undefined when it was deleted meanwhile. */
export async function saveView(
  id: string,
  { name, shared, content }: ViewChange,
): Promise<StoredView | undefined> {
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(shared === undefined ? {} : { shared }),
    ...(content === undefined ? {} : { content }),
  };
  const record = await ViewModel.findByIdAndUpdate(
    id,
    { $set: set },
    { returnDocument: "after" },
  ).lean<ViewRecord | null>();
  return record ? toStored(record) : undefined;
}

export async function removeView(id: string): Promise<void> {
  await ViewModel.deleteOne({ _id: id });
  await DefaultViewModel.deleteMany({ viewId: toObjectId(id) });
}

const defaultKey = (userId: string, { pipelineId, place }: Pick<StoredView, "pipelineId" | "place">) =>
  `${userId}:${pipelineId}:${place}`;

export async function saveDefaultView(userId: string, view: StoredView): Promise<void> {
  await DefaultViewModel.updateOne(
    { _id: defaultKey(userId, view) },
    { $set: { organizationId: toObjectId(view.organizationId), viewId: toObjectId(view.id) } },
    { upsert: true },
  );
}

/** Only when it is this one: another may have been chosen meanwhile. */
export async function removeDefaultView(userId: string, view: StoredView): Promise<void> {
  await DefaultViewModel.deleteOne({ _id: defaultKey(userId, view), viewId: toObjectId(view.id) });
}

/** Ids of the views that somebody opens first. */
export async function findDefaultViews(userId: string, views: readonly StoredView[]): Promise<Set<string>> {
  const keys = [...new Set(views.map((view) => defaultKey(userId, view)))];
  if (keys.length === 0) return new Set();
  const records = await DefaultViewModel.find({ _id: { $in: keys } }).lean<DefaultViewRecord[]>();
  return new Set(records.map(({ viewId }) => viewId.toHexString()));
}
