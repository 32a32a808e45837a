import type { BulkChange } from "../contracts/bulk.ts";
import { LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import type { Names } from "./sentence.ts";

/** What a bulk change does, in a few words: "Marked as Abandoned", "Moved to Meeting Booked". */
export function describeBulkChange(change: BulkChange, names: Names): string {
  const parts: string[] = [];
  const { stageId, status, assigneeId, tags, followUp, parked, removed } = change;
  if (stageId !== undefined) {
    parts.push(`Moved to ${names.stages.find(({ id }) => id === stageId)?.name ?? "another stage"}`);
  } else if (change.after !== undefined || change.before !== undefined) parts.push("Moved");
  if (status !== undefined) parts.push(`Marked as ${LEAD_STATUS_LABEL[status]}`);
  if (assigneeId === null) parts.push("Unassigned");
  if (assigneeId) {
    parts.push(`Assigned to ${names.members.find(({ id }) => id === assigneeId)?.name ?? "a member"}`);
  }
  const tagNames = (ids: readonly string[] = []) =>
    ids.map((id) => names.tags.find((tag) => tag.id === id)?.name ?? "a tag").join(", ");
  if (tags?.set) parts.push(`Tags set to ${tagNames(tags.set) || "none"}`);
  if (tags?.add?.length) parts.push(`Tagged ${tagNames(tags.add)}`);
  if (tags?.remove?.length) parts.push(`Removed the tag ${tagNames(tags.remove)}`);
  if (followUp === null) parts.push("Removed the follow-up");
  if (followUp?.act === "complete") parts.push("Completed the follow-up");
  if (followUp?.act === "snooze") parts.push("Snoozed the follow-up");
  if (followUp?.act === "schedule") parts.push("Scheduled a follow-up");
  if (followUp?.act === "restart") parts.push("Started the cadence again");
  if (parked === null) parts.push("Woken");
  if (parked) parts.push("Parked");
  if (removed) parts.push("Removed");
  if (status === undefined && change.value !== undefined) parts.push("Changed the deal value");
  if (status === undefined && change.lostReason !== undefined) parts.push("Changed the lost reason");
  return parts.join(", ");
}
