import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import mongoose, { type Types } from "mongoose";

/** Only what somebody has set: everything else is the default of the day. */
export type OrganizationSettingsRecord = Partial<OrganizationSettings> & { _id: Types.ObjectId };

const { Mixed } = mongoose.Schema.Types;

const fields = {
  timeZone: String,
  cadence: [Number],
  stopsFollowUps: Mixed,
  lostReasons: Mixed,
} satisfies Record<keyof OrganizationSettings, unknown>;

export const OrganizationSettingsModel = mongoose.model<OrganizationSettingsRecord>(
  "OrganizationSettings",
  new mongoose.Schema(fields, {
    versionKey: false,
    strict: "throw",
  }) as unknown as mongoose.Schema<OrganizationSettingsRecord>,
  "organization_settings",
);
