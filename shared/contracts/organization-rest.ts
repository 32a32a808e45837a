import { z } from "zod";
import {
  ListedReason,
  MAX_CADENCE_DAYS,
  MAX_CADENCE_STEPS,
  OrganizationSettings,
  TimeZone,
} from "./organization-settings.ts";
import { Tag } from "./people.ts";
import { PipelineName } from "./pipeline.ts";
import { Id, PaletteColour } from "./primitives.ts";
import { TagName } from "./tag-name.ts";

// The bodies and answers of what Settings calls, in the spelling of the API.

export const OrganizationName = z.string().trim().min(1).max(80);

const NAMED = ["name", "time_zone", "cadence", "stops_follow_ups"] as const;

/** `PATCH /api/v1/organization/settings`: what is absent stays. */
export const PatchOrganizationSettings = z
  .strictObject({
    name: OrganizationName.optional(),
    time_zone: TimeZone.optional(),
    cadence: z.array(z.int().min(1).max(MAX_CADENCE_DAYS)).max(MAX_CADENCE_STEPS).optional(),
    stops_follow_ups: OrganizationSettings.shape.stopsFollowUps.partial().optional(),
  })
  .refine((body) => NAMED.some((name) => body[name] !== undefined), {
    path: ["name"],
    message: `name at least one of: ${NAMED.join(", ")}`,
  });
export type PatchOrganizationSettings = z.infer<typeof PatchOrganizationSettings>;

export const OrganizationSettingsAnswer = z.object({
  name: OrganizationName,
  time_zone: TimeZone,
  cadence: OrganizationSettings.shape.cadence,
  stops_follow_ups: OrganizationSettings.shape.stopsFollowUps,
  lost_reasons: z.array(ListedReason),
});
export type OrganizationSettingsAnswer = z.infer<typeof OrganizationSettingsAnswer>;

export const NewLostReason = ListedReason.pick({ name: true }).strict();

export const PatchLostReason = z.strictObject({
  name: ListedReason.shape.name.optional(),
  /** The reason that shall stand before it, null for the first place. */
  after: Id.nullable().optional(),
});

export const ReasonIdParam = z.object({ reasonId: Id });
export const TagIdParam = z.object({ tagId: Id });
export const TimedRuleParams = z.object({ pipelineId: Id, timedRuleId: Id });
export const DeleteStageQuery = z.object({ move_to: Id.optional() });
export const PipelineBody = z.strictObject({ name: PipelineName });

export const NewTag = z.strictObject({ name: TagName, colour: PaletteColour.optional() });
export type NewTag = z.infer<typeof NewTag>;

export const TagChange = z.strictObject({ name: TagName.optional(), colour: PaletteColour.optional() });
export type TagChange = z.infer<typeof TagChange>;

/** Its contacts get `into` instead, and it is gone. */
export const MergeTag = z.strictObject({ into: Id });

/** A tag and how many contacts carry it. */
export const CountedTag = Tag.extend({ contacts: z.int() });
export type CountedTag = z.infer<typeof CountedTag>;
