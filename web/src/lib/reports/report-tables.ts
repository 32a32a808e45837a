import { LEAD_STATUS_LABEL } from "@dmtracker/shared/contracts/labels.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Report, StageFigures } from "@dmtracker/shared/contracts/reports.ts";
import { formatValue } from "@dmtracker/shared/pipeline/money.ts";
import type { ReportLinks } from "./report-links.ts";
import { duration, partWords, share } from "./report-words.ts";

/** `raw` is what a file gets, `text` what people read; a number that counts contacts leads to them. */
export type Cell = { text: string; raw: string | number | null; href?: string };
export type Table = { name: string; columns: { label: string; isText?: boolean }[]; rows: Cell[][] };

const STATUSES: readonly LeadStatus[] = ["open", "won", "lost", "abandoned"];

const words = (text: string): Cell => ({ text, raw: text });
const count = (number: number, href?: string): Cell => ({
  text: number.toLocaleString("en-US"),
  raw: number,
  ...(href && number > 0 ? { href } : {}),
});
const value = (amount: number): Cell => ({ text: formatValue(amount), raw: amount });
const rate = (part: number, whole: number): Cell => ({
  text: share(part, whole),
  raw: whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000,
});

export function nowTable({ now }: Report, links: ReportLinks): Table {
  return {
    name: "Contacts by status now",
    columns: [{ label: "Status", isText: true }, { label: "Contacts" }, { label: "Value" }],
    rows: STATUSES.map((status) => [
      words(LEAD_STATUS_LABEL[status]),
      count(now[status].count, links.filter({ leadStatus: [status] })),
      value(now[status].value),
    ]),
  };
}

export function timeTable({ points, unit }: Report, links: ReportLinks): Table {
  return {
    name: "Outcomes over time",
    columns: [
      { label: unit === "day" ? "Day" : unit === "week" ? "Week" : "Month", isText: true },
      { label: "New" },
      { label: "Won" },
      { label: "Value" },
      { label: "Lost" },
      { label: "Abandoned" },
    ],
    rows: points.map((point) => {
      const became = (status: LeadStatus) =>
        links.filter({
          leadStatus: [status],
          date: { field: "status_changed", from: point.from, to: point.to },
        });
      return [
        { text: partWords(point, unit), raw: point.from },
        count(point.created, links.filter({ date: { field: "created", from: point.from, to: point.to } })),
        count(point.won, became("won")),
        value(point.value),
        count(point.lost, became("lost")),
        count(point.abandoned, became("abandoned")),
      ];
    }),
  };
}

const named = ({ name, isFormer }: Pick<StageFigures, "name" | "isFormer">): Cell =>
  words(isFormer ? `${name} (deleted)` : name);

export function funnelTable({ stages }: Report, links: ReportLinks): Table {
  return {
    name: "Funnel",
    columns: [
      { label: "Stage", isText: true },
      { label: "Entered" },
      { label: "Went on" },
      { label: "Conversion" },
      { label: "Won after" },
      { label: "Stays ended" },
      { label: "Median time in stage" },
    ],
    rows: stages.flatMap((stage) => {
      const { id } = stage;
      if (id === null) return [];
      return [
        [
          named(stage),
          count(stage.entered, links.behind({ figure: "entered", stage: id })),
          count(stage.wentOn, links.behind({ figure: "went_on", stage: id })),
          rate(stage.wentOn, stage.entered),
          count(stage.wonAfter, links.behind({ figure: "won_after", stage: id })),
          count(stage.stays, links.behind({ figure: "stayed", stage: id })),
          stage.medianMs === null
            ? { text: "–", raw: null }
            : { text: duration(stage.medianMs), raw: Math.round(stage.medianMs / 1_000) / 3_600 },
        ],
      ];
    }),
  };
}

/** From each stage (down) into each other (across). */
export function movesTable({ stages, moves }: Report, links: ReportLinks): Table {
  const known = stages.filter(({ id }) => id !== null);
  const targets = known.filter(({ id }) => moves.some(({ to }) => to === id));
  const sources = known.filter(({ id }) => moves.some(({ from }) => from === id));
  return {
    name: "Moves between stages",
    columns: [{ label: "From", isText: true }, ...targets.map(({ name }) => ({ label: name }))],
    rows: sources.map((source) => [
      named(source),
      ...targets.map(({ id: to }) => {
        const move = moves.find((one) => one.from === source.id && one.to === to);
        if (!move) return { text: "", raw: 0 };
        return count(move.count, links.behind({ figure: "moved", stage: move.from, to: move.to }));
      }),
    ]),
  };
}

const hasOutcome = ({ won, lost, abandoned }: StageFigures): boolean => won + lost + abandoned > 0;

export function outcomeTable({ stages }: Report, links: ReportLinks): Table {
  const from = (stage: StageFigures, status: LeadStatus) =>
    links.behind({ figure: "came_from", stage: stage.id ?? "none", status });
  return {
    name: "Outcome by the stage it came from",
    columns: [
      { label: "Stage", isText: true },
      { label: "Won" },
      { label: "Value" },
      { label: "Lost" },
      { label: "Abandoned" },
      { label: "Win rate" },
    ],
    rows: stages
      .filter(hasOutcome)
      .map((stage) => [
        named(stage),
        count(stage.won, from(stage, "won")),
        value(stage.wonValue),
        count(stage.lost, from(stage, "lost")),
        count(stage.abandoned, from(stage, "abandoned")),
        rate(stage.won, stage.won + stage.lost),
      ]),
  };
}

export function reasonsTable({ stages }: Report, links: ReportLinks): Table {
  return {
    name: "Why contacts were lost",
    columns: [{ label: "Stage", isText: true }, { label: "Reason", isText: true }, { label: "Lost" }],
    rows: stages.flatMap((stage) =>
      stage.lostReasons.map(({ reason, count: lost }) => [
        named(stage),
        reason === null ? { text: "No reason given", raw: "" } : words(reason),
        count(
          lost,
          links.behind({
            figure: "came_from",
            stage: stage.id ?? "none",
            status: "lost",
            reason: reason ?? "",
          }),
        ),
      ]),
    ),
  };
}

export function membersTable({ members }: Report, links: ReportLinks): Table {
  return {
    name: "Members",
    columns: [
      { label: "Member", isText: true },
      { label: "Messages" },
      { label: "Contacted" },
      { label: "Replied" },
      { label: "Reply rate" },
      { label: "Bookings" },
      { label: "Wins" },
      { label: "Value" },
      { label: "Follow-ups done" },
      { label: "On time" },
    ],
    rows: members.map((one) => {
      const member = one.id ?? "nobody";
      return [
        words(one.isMember || one.id === null ? one.name : `${one.name} (left)`),
        count(one.outreach, links.behind({ figure: "contacted", member })),
        count(one.contacted, links.behind({ figure: "contacted", member })),
        count(one.replied, links.behind({ figure: "replied", member })),
        rate(one.replied, one.contacted),
        count(one.bookings, links.behind({ figure: "booked", member })),
        count(one.wins, links.behind({ figure: "won_by", member })),
        value(one.value),
        count(one.done, links.behind({ figure: "done", member })),
        { ...rate(one.doneOnTime, one.done), ...behindShare(links, member, one.doneOnTime) },
      ];
    }),
  };
}

function behindShare(links: ReportLinks, member: string, onTime: number): Partial<Cell> {
  return onTime > 0 ? { href: links.behind({ figure: "done_on_time", member }) } : {};
}
