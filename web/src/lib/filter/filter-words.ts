import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter, DateField, DateFilter, DateRange } from "@dmtracker/shared/contracts/filter.ts";
import { CONVERSATION_STATUS_LABEL, LEAD_STATUS_LABEL } from "@dmtracker/shared/contracts/labels.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";

/** What a filter can be about; the search has a box of its own. */
export type FilterField = Exclude<keyof ContactFilter, "search">;

export type FilterNames = {
  stages: readonly Stage[];
  members: readonly Member[];
  tags: readonly Tag[];
};

export const FILTER_LABEL: Record<FilterField, string> = {
  leadStatus: "Lead Status",
  stageId: "Pipeline Stage",
  conversationStatus: "Conversation Status",
  tags: "Tags",
  assigneeId: "Assignee",
  source: "Source",
  date: "Date",
  parked: "Parked",
  quietDays: "No activity",
};

/** In the order of the menu and of the chips. */
export const FILTER_FIELDS = Object.keys(FILTER_LABEL) as FilterField[];

export const DATE_FIELD_LABEL: Record<DateField, string> = {
  created: "Created",
  last_message: "Last message",
  status_changed: "Status changed",
};

export const DATE_RANGE_LABEL: Record<DateRange, string> = {
  today: "Today",
  this_week: "This week",
  this_month: "This month",
  last_30_days: "Last 30 days",
};

export const SOURCE_LABEL: Record<Contact["source"], string> = {
  user: "Added by hand",
  api: "API",
  import: "Import",
  demo: "Demo",
};

export const PARKED_LABEL = { yes: "Parked", no: "Not parked" };

export const NO_MESSAGE_LABEL = "No message yet";
export const NOBODY_LABEL = "Nobody";

export const TAG_MODE_LABEL: Record<NonNullable<ContactFilter["tags"]>["mode"], string> = {
  any: "any of",
  all: "all of",
  none: "none of",
};

const DAY = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const dayWords = (day: string) => DAY.format(Date.parse(`${day}T00:00:00Z`));

function nameIn(things: readonly { id: string; name: string }[], id: string): string {
  return things.find((thing) => thing.id === id)?.name ?? "Unknown";
}

function dateWords(date: DateFilter): string {
  const field = DATE_FIELD_LABEL[date.field];
  if ("range" in date) return `${field}: ${DATE_RANGE_LABEL[date.range]}`;
  const { from, to } = date;
  if (from && to) return `${field}: ${from === to ? dayWords(from) : `${dayWords(from)} – ${dayWords(to)}`}`;
  return from ? `${field}: since ${dayWords(from)}` : `${field}: until ${dayWords(to ?? "")}`;
}

/** What one part of a filter says: "Lead Status: Open, Won". Undefined when it is off. */
export function filterWords(
  field: FilterField,
  filter: ContactFilter,
  names: FilterNames,
): string | undefined {
  const { leadStatus, stageId, conversationStatus, tags, assigneeId, source, date, quietDays } = filter;
  const list = (values: readonly string[] | undefined) =>
    values && `${FILTER_LABEL[field]}: ${values.join(", ")}`;
  switch (field) {
    case "leadStatus":
      return list(leadStatus?.map((status) => LEAD_STATUS_LABEL[status]));
    case "stageId":
      return list(stageId?.map((id) => nameIn(names.stages, id)));
    case "conversationStatus":
      return list(
        conversationStatus?.map((status) =>
          status === "none" ? NO_MESSAGE_LABEL : CONVERSATION_STATUS_LABEL[status],
        ),
      );
    case "tags":
      return (
        tags &&
        `Tags: ${tags.ids.length > 1 || tags.mode === "none" ? `${TAG_MODE_LABEL[tags.mode]} ` : ""}${tags.ids
          .map((id) => nameIn(names.tags, id))
          .join(", ")}`
      );
    case "assigneeId":
      return list(assigneeId?.map((id) => (id === "nobody" ? NOBODY_LABEL : nameIn(names.members, id))));
    case "source":
      return list(source?.map((name) => SOURCE_LABEL[name]));
    case "date":
      return date && dateWords(date);
    case "parked":
      return filter.parked === undefined ? undefined : PARKED_LABEL[filter.parked ? "yes" : "no"];
    case "quietDays":
      return quietDays === undefined
        ? undefined
        : `No activity for ${quietDays} ${quietDays === 1 ? "day" : "days"}`;
  }
}

export function withoutField(filter: ContactFilter, field: keyof ContactFilter): ContactFilter {
  const { [field]: _off, ...rest } = filter;
  return rest;
}

/** Switches one value of a list on or off; a list without values is no filter. */
export function toggled<Value>(values: readonly Value[] | undefined, value: Value): Value[] | undefined {
  const next = values?.includes(value) ? values.filter((one) => one !== value) : [...(values ?? []), value];
  return next.length > 0 ? next : undefined;
}
