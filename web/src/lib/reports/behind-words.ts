import { LEAD_STATUS_LABEL } from "@dmtracker/shared/contracts/labels.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import { customDays, periodWords } from "./report-words.ts";

type Named = { id: string; name: string };

/** What the contacts behind a number have in common, as a sentence; from the address that led here. */
export function behindWords(
  query: URLSearchParams,
  { stages, members }: { stages: readonly Named[]; members: readonly Named[] },
): string {
  const nameOf = (all: readonly Named[], key: string, none: string): string =>
    all.find(({ id }) => id === query.get(key))?.name ?? none;
  const stage = nameOf(stages, "stage", "a deleted stage");
  const member = nameOf(
    members,
    "member",
    query.get("member") === "nobody" ? "no person" : "a former member",
  );
  const status = LEAD_STATUS_LABEL[query.get("status") as LeadStatus] ?? "";
  const from = query.get("stage") === "none" ? "came in with it" : `came from ${stage}`;
  const reason = query.get("reason");
  const why = reason === null ? "" : reason === "" ? ", no reason given" : `, “${reason}”`;
  const said: Record<string, string> = {
    entered: `Entered ${stage}`,
    went_on: `Went on from ${stage}`,
    won_after: `Won after entering ${stage}`,
    moved: `Moved from ${stage} to ${nameOf(stages, "to", "a deleted stage")}`,
    stayed: `Left ${stage}`,
    came_from: `${status}, ${from}${why}`,
    contacted: `Contacted by ${member}`,
    replied: `Replied to ${member}`,
    booked: `Booked by ${member}`,
    won_by: `Won by ${member}`,
    done: `Follow-ups done by ${member}`,
    done_on_time: `Follow-ups done on time by ${member}`,
  };
  const days = customDays(query.get("period") ?? "");
  const when = days ? `, ${periodWords(days.from, days.to)}` : "";
  return `${said[query.get("figure") ?? ""] ?? "Contacts"}${when}`;
}
