import type { ViewContent, ViewPlace } from "@dmtracker/shared/contracts/view.ts";
import mongoose, { type Types } from "mongoose";

export type ViewRecord = {
  _id: Types.ObjectId;
  organizationId: Types.ObjectId;
  ownerId: Types.ObjectId;
  pipelineId: Types.ObjectId;
  place: ViewPlace;
  name: string;
  shared: boolean;
  content: ViewContent;
  createdAt: Date;
};

/** Which view somebody wants to see first: one per person, pipeline and place. */
export type DefaultViewRecord = { _id: string; organizationId: Types.ObjectId; viewId: Types.ObjectId };

const { ObjectId, Mixed } = mongoose.Schema.Types;

const fields = {
  organizationId: ObjectId,
  ownerId: ObjectId,
  pipelineId: ObjectId,
  place: String,
  name: String,
  shared: Boolean,
  content: Mixed,
  createdAt: Date,
} satisfies Record<Exclude<keyof ViewRecord, "_id">, unknown>;

// A view without any filter is a view: nothing of its content may be left out because it is empty.
const schema = new mongoose.Schema(fields, { versionKey: false, strict: "throw", minimize: false });
schema.index({ organizationId: 1, ownerId: 1 });
schema.index({ organizationId: 1, shared: 1 });

export const ViewModel = mongoose.model<ViewRecord>(
  "View",
  schema as unknown as mongoose.Schema<ViewRecord>,
  "views",
);

const defaultFields = {
  _id: String,
  organizationId: ObjectId,
  viewId: ObjectId,
} satisfies Record<keyof DefaultViewRecord, unknown>;

export const DefaultViewModel = mongoose.model<DefaultViewRecord>(
  "DefaultView",
  new mongoose.Schema(defaultFields, {
    versionKey: false,
    strict: "throw",
  }) as unknown as mongoose.Schema<DefaultViewRecord>,
  "default_views",
);
