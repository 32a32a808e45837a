import type { Report } from "@dmtracker/shared/contracts/reports.ts";
import { expect, test } from "vitest";
import { linksOf } from "../../web/src/lib/reports/report-links.ts";
import {
  funnelTable,
  membersTable,
  movesTable,
  nowTable,
  outcomeTable,
  reasonsTable,
  timeTable,
} from "../../web/src/lib/reports/report-tables.ts";
import { amountWords, axisName, duration, share } from "../../web/src/lib/reports/report-words.ts";
import { csvOf } from "../../web/src/lib/reports/save-csv.ts";

const total = (count: number, value = 0) => ({ count, value });
const [first, second] = ["a".repeat(24), "b".repeat(24)];
const stage = {
  id: first,
  name: "=HYPERLINK(1)",
  colour: "#64748b",
  isFormer: false,
  entered: 4,
  wentOn: 1,
  wonAfter: 1,
  stays: 2,
  medianMs: 90_000_000,
  won: 2,
  wonValue: 150.5,
  lost: 1,
  abandoned: 0,
  lostReasons: [{ reason: null, count: 1 }],
};
const report: Report = {
  pipelineId: "c".repeat(24),
  seq: 9,
  timeZone: "UTC",
  from: "2026-11-01",
  to: "2026-11-30",
  until: "2026-12-01T00:00:00.000Z",
  bookingStageId: second,
  now: { open: total(3), won: total(2, 150.5), lost: total(1), abandoned: total(0) },
  created: 6,
  won: total(2, 150.5),
  lost: total(1),
  abandoned: total(0),
  winRate: 2 / 3,
  unit: "day",
  points: [{ from: "2026-11-02", to: "2026-11-02", created: 1, won: 2, value: 150.5, lost: 1, abandoned: 0 }],
  stages: [stage, { ...stage, id: second, name: "Booked", isFormer: true }],
  moves: [{ from: first, to: second, count: 3 }],
  members: [
    {
      id: null,
      name: "+API",
      isMember: false,
      outreach: 2,
      contacted: 2,
      replied: 1,
      bookings: 1,
      wins: 1,
      value: 5,
      done: 0,
      doneOnTime: 0,
    },
  ],
};
const links = linksOf(report, { source: ["api"] }, { contacts: "/contacts", behind: "/behind" });
const TABLES = [nowTable, timeTable, funnelTable, movesTable, outcomeTable, reasonsTable, membersTable];

test("[RP3] a number leads to a filter that counts the same, or to what no filter says; nothing leads to nobody", () => {
  expect(nowTable(report, links).rows[1]?.[1]?.href).toBe("/contacts?status=won&source=api");
  expect(timeTable(report, links).rows[0]?.[2]?.href).toBe(
    "/contacts?status=won&source=api&date=status_changed:2026-11-02..2026-11-02",
  );
  expect(outcomeTable(report, links).rows[0]?.[3]?.href).toContain(
    `figure=came_from&stage=${first}&status=lost`,
  );
  expect(movesTable(report, links).rows[0]?.[1]?.href).toContain(`figure=moved&stage=${first}&to=${second}`);
  expect(membersTable(report, links).rows[0]?.[5]?.href).toContain(
    `member=nobody&source=api&booking=${second}`,
  );
  expect(outcomeTable(report, links).rows[0]?.[4]).toEqual({ text: "0", raw: 0 });
});

test("[RP6] every table has as many cells as columns, and no cell of a file can act as a formula", () => {
  for (const make of TABLES) {
    const table = make(report, links);
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
    for (const line of csvOf(table).split("\n"))
      for (const cell of line.replace("\uFEFF", "").split(",")) expect(cell).not.toMatch(/^"?[=+\-@\t]/);
  }
  expect(csvOf(outcomeTable(report, links))).toContain("'=HYPERLINK(1),2,150.5,1,0,0.6667");
});

test("[RP1] shares of nothing are not zero, and times are said in their two largest parts", () => {
  expect([share(0, 0), share(0, 3), share(2, 3)]).toEqual(["–", "0 %", "67 %"]);
  expect([1_000, 150_000, 4_500_000, 90_000_000].map(duration)).toEqual([
    "under 1 min",
    "3 min",
    "1 h 15 min",
    "1 d 1 h",
  ]);
});

test("[RP6] beside an axis amounts and names are short enough for its room", () => {
  expect([0, 800, 8_000, 12_500, 1_000_055_300].map(amountWords)).toEqual(["0", "800", "8K", "12.5K", "1B"]);
  expect([axisName("Meeting Booked"), axisName("Waiting for the second signature")]).toEqual([
    "Meeting Booked",
    "Waiting for the s…",
  ]);
});
