import type { OrganizationSettings } from "./organization-settings.ts";

// Apart from the schema, so that a page can start from them without loading a validator.

export const DEFAULT_SETTINGS: OrganizationSettings = {
  timeZone: "UTC",
  cadence: [1, 3, 7, 14],
  stopsFollowUps: { won: true, lost: true, abandoned: true },
};
