import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import mongoose, { type ClientSession } from "mongoose";
import { OrganizationSettingsModel, type OrganizationSettingsRecord } from "./organization-settings.model.ts";

export async function findSettings(organizationId: string): Promise<OrganizationSettings> {
  const record = await OrganizationSettingsModel.findById(
    organizationId,
  ).lean<OrganizationSettingsRecord | null>();
  return {
    timeZone: record?.timeZone ?? DEFAULT_SETTINGS.timeZone,
    cadence: record?.cadence ?? DEFAULT_SETTINGS.cadence,
    stopsFollowUps: record?.stopsFollowUps ?? DEFAULT_SETTINGS.stopsFollowUps,
    lostReasons: record?.lostReasons ?? DEFAULT_SETTINGS.lostReasons,
  };
}

export async function saveSettings(
  organizationId: string,
  settings: Partial<OrganizationSettings>,
  session?: ClientSession,
): Promise<void> {
  const _id = new mongoose.Types.ObjectId(organizationId);
  await OrganizationSettingsModel.collection.updateOne(
    { _id },
    { $set: settings },
    {
      upsert: true,
      ...(session ? { session } : {}),
    },
  );
}
