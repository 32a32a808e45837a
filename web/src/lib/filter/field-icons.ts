import CalendarDays from "@lucide/svelte/icons/calendar-days";
import CircleDot from "@lucide/svelte/icons/circle-dot";
import Hourglass from "@lucide/svelte/icons/hourglass";
import LogIn from "@lucide/svelte/icons/log-in";
import CirclePause from "@lucide/svelte/icons/circle-pause";
import MessageCircle from "@lucide/svelte/icons/message-circle";
import SquareKanban from "@lucide/svelte/icons/square-kanban";
import Tag from "@lucide/svelte/icons/tag";
import UserRound from "@lucide/svelte/icons/user-round";
import type { Component } from "svelte";
import type { FilterField } from "./filter-words.ts";

export const FIELD_ICON: Record<FilterField, Component<{ class?: string }>> = {
  leadStatus: CircleDot,
  stageId: SquareKanban,
  conversationStatus: MessageCircle,
  tags: Tag,
  assigneeId: UserRound,
  source: LogIn,
  date: CalendarDays,
  parked: CirclePause,
  quietDays: Hourglass,
};
