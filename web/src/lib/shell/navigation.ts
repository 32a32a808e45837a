import AlarmClock from "@lucide/svelte/icons/alarm-clock";
import HistoryIcon from "@lucide/svelte/icons/history";
import ChartColumn from "@lucide/svelte/icons/chart-column";
import SquareKanban from "@lucide/svelte/icons/square-kanban";
import ListTodo from "@lucide/svelte/icons/list-todo";
import Trophy from "@lucide/svelte/icons/trophy";
import UsersRound from "@lucide/svelte/icons/users-round";
import Settings from "@lucide/svelte/icons/settings";
import { resolve } from "$app/paths";
import type { ResolvedPathname } from "$app/types";
import type { Component } from "svelte";
import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";

export type Destination = {
  href: ResolvedPathname;
  label: string;
  icon: Component<{ class?: string }>;
  isCurrent: (pathname: string) => boolean;
  /** How much is due stands beside it. */
  showsDue?: boolean;
};

/** Where the shell leads: every board, then the settings. A contact belongs to the board that it was opened from. */
export function destinations(pipelines: readonly PipelineSummary[]): Destination[] {
  const alone = pipelines.length === 1;
  const contacts = resolve("/(app)/contacts");
  const imports = resolve("/(app)/contacts/import");
  const boards = pipelines.map(({ id, name }) => {
    const href = resolve("/(app)/pipeline/[pipelineId]", { pipelineId: id });
    return {
      href,
      label: alone ? "Pipeline" : name,
      icon: SquareKanban,
      isCurrent: (pathname: string) =>
        pathname === href || (alone && pathname.startsWith("/contacts/") && pathname !== imports),
    };
  });
  const followUps = resolve("/(app)/follow-ups");
  const activity = resolve("/(app)/activity");
  const review = resolve("/(app)/review");
  const reports = resolve("/(app)/reports");
  const wins = resolve("/(app)/wins");
  const settings = resolve("/(app)/settings");
  return [
    ...boards,
    {
      href: contacts,
      label: "Contacts",
      icon: UsersRound,
      isCurrent: (pathname: string) => pathname === contacts || pathname === imports,
    },
    {
      href: followUps,
      label: "Follow-Ups",
      icon: AlarmClock,
      isCurrent: (pathname: string) => pathname === followUps,
      showsDue: true,
    },
    {
      href: activity,
      label: "Activity",
      icon: HistoryIcon,
      isCurrent: (pathname: string) => pathname === activity,
    },
    {
      href: review,
      label: "Review",
      icon: ListTodo,
      isCurrent: (pathname: string) => pathname === review,
    },
    {
      href: reports,
      label: "Reports",
      icon: ChartColumn,
      isCurrent: (pathname: string) => pathname.startsWith(reports),
    },
    {
      href: wins,
      label: "Wins",
      icon: Trophy,
      isCurrent: (pathname: string) => pathname === wins,
    },
    {
      href: settings,
      label: "Settings",
      icon: Settings,
      isCurrent: (pathname: string) => pathname.startsWith(settings),
    },
  ];
}

/** How many pages the bar of a phone names whole, next to "More". */
const BAR = 4;

/**
 * The same on a phone: one board in the bar, the one that is open or the first, then the pages of a day's work;
 * everything else is behind "More".
 */
export function phoneDestinations(
  pipelines: readonly PipelineSummary[],
  pathname: string,
): { bar: Destination[]; more: Destination[] } {
  const all = destinations(pipelines);
  const boards = all.slice(0, pipelines.length);
  const board = boards.find((one) => one.isCurrent(pathname)) ?? boards[0];
  const pages = all.slice(pipelines.length);
  const bar = [...(board ? [board] : []), ...pages].slice(0, BAR);
  return { bar, more: all.filter((one) => !bar.includes(one)) };
}
