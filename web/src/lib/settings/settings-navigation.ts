import ArrowDownUp from "@lucide/svelte/icons/arrow-down-up";
import Building2 from "@lucide/svelte/icons/building-2";
import CalendarClock from "@lucide/svelte/icons/calendar-clock";
import CircleX from "@lucide/svelte/icons/circle-x";
import KeyRound from "@lucide/svelte/icons/key-round";
import SquareKanban from "@lucide/svelte/icons/square-kanban";
import Tags from "@lucide/svelte/icons/tags";
import Undo2 from "@lucide/svelte/icons/undo-2";
import UsersRound from "@lucide/svelte/icons/users-round";
import Webhook from "@lucide/svelte/icons/webhook";
import Workflow from "@lucide/svelte/icons/workflow";
import type { Role } from "@dmtracker/shared/contracts/people.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import { resolve } from "$app/paths";
import type { ResolvedPathname } from "$app/types";
import type { Component } from "svelte";

export type SettingsEntry = { href: ResolvedPathname; label: string; icon: Component<{ class?: string }> };
export type SettingsGroup = { label: string; entries: SettingsEntry[] };

/** Every page of the settings that this role may see, in order. A page that is not here is not linked. */
export const settingsGroups = (role: Role): SettingsGroup[] => [
  {
    label: "Organization",
    entries: [
      { href: resolve("/(app)/settings/organization"), label: "General", icon: Building2 },
      { href: resolve("/(app)/settings/members"), label: "Members", icon: UsersRound },
      ...(may(role, "organization:configure")
        ? [{ href: resolve("/(app)/settings/data"), label: "Export and import", icon: ArrowDownUp }]
        : []),
    ],
  },
  {
    label: "Pipeline",
    entries: [
      { href: resolve("/(app)/settings/stages"), label: "Pipeline & stages", icon: SquareKanban },
      { href: resolve("/(app)/settings/automations"), label: "Automations", icon: Workflow },
      { href: resolve("/(app)/settings/follow-ups"), label: "Follow-ups", icon: CalendarClock },
      ...(may(role, "changes:reverse")
        ? [{ href: resolve("/(app)/settings/reverse-changes"), label: "Reverse changes", icon: Undo2 }]
        : []),
    ],
  },
  {
    label: "Words",
    entries: [
      { href: resolve("/(app)/settings/tags"), label: "Tags", icon: Tags },
      { href: resolve("/(app)/settings/lost-reasons"), label: "Lost reasons", icon: CircleX },
    ],
  },
  {
    label: "Programs",
    entries: [
      { href: resolve("/(app)/settings/api"), label: "API", icon: KeyRound },
      { href: resolve("/(app)/settings/webhooks"), label: "Webhooks", icon: Webhook },
    ],
  },
];
