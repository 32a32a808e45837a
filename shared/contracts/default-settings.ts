import type { OrganizationSettings } from "./organization-settings.ts";

// Apart from the schema, so that a page can start from them without loading a validator.

export const DEFAULT_SETTINGS: OrganizationSettings = {
  timeZone: "UTC",
  cadence: [1, 3, 7, 14],
  stopsFollowUps: { won: true, lost: true, abandoned: true },
  lostReasons: ["Too expensive", "Chose a competitor", "No need", "Bad timing"].map((name, index) => ({
    id: (index + 1).toString(16).padStart(24, "0"),
    name,
  })),
};
