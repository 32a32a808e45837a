import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Total } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Report, ReportPoint } from "@dmtracker/shared/contracts/reports.ts";
import { partsOf } from "@dmtracker/shared/pipeline/report-period.ts";
import { startOfDay } from "@dmtracker/shared/pipeline/zoned-days.ts";
import { STATUSES, statusCode } from "./report-book.ts";
import type { ReportView } from "./report-view.ts";
import { inSlices } from "./slices.ts";

type OutcomeFigures = Pick<
  Report,
  "now" | "created" | "won" | "lost" | "abandoned" | "winRate" | "unit" | "points"
>;

/** Cents: sums of fractions would depend on their order. */
type Sum = { count: number; cents: number };

const toTotal = ({ count, cents }: Sum): Total => ({ count, value: cents / 100 });
const aSum = (): Sum => ({ count: 0, cents: 0 });
const sumsByStatus = (): Record<LeadStatus, Sum> => ({
  open: aSum(),
  won: aSum(),
  lost: aSum(),
  abandoned: aSum(),
});

/** The part that a moment falls into; parts follow each other without gaps. */
function findPart(starts: readonly number[], at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Contacts by what they are now, and by when they came and became it. */
export async function countOutcomes(view: ReportView): Promise<OutcomeFigures> {
  const { book, isAsked, from, until, timeZone, days } = view;
  const { status, statusAt, createdAt, value } = book.contacts.at;
  const { unit, parts } = partsOf(days);
  const starts = parts.map(({ first }) => startOfDay(first, timeZone));
  const now = sumsByStatus();
  const became = sumsByStatus();
  const points = parts.map(() => ({ created: 0, sums: sumsByStatus() }));
  let created = 0;
  await inSlices(isAsked.length, (first, end) => {
    for (let row = first; row < end; row += 1) {
      if (!isAsked[row]) continue;
      const name = STATUSES[status[row] ?? 0] as LeadStatus;
      const cents = Math.round((value[row] ?? 0) * 100);
      const count = (sum: Sum): void => {
        sum.count += 1;
        sum.cents += cents;
      };
      count(now[name]);
      const cameAt = createdAt[row] ?? 0;
      if (cameAt >= from && cameAt < until) {
        created += 1;
        (points[findPart(starts, cameAt)] as (typeof points)[number]).created += 1;
      }
      const becameAt = statusAt[row] ?? 0;
      if (status[row] === statusCode("open") || becameAt < from || becameAt >= until) continue;
      count(became[name]);
      count((points[findPart(starts, becameAt)] as (typeof points)[number]).sums[name]);
    }
  });
  const decided = became.won.count + became.lost.count;
  return {
    now: Object.fromEntries(STATUSES.map((name) => [name, toTotal(now[name])])) as Report["now"],
    created,
    won: toTotal(became.won),
    lost: toTotal(became.lost),
    abandoned: toTotal(became.abandoned),
    winRate: decided === 0 ? null : became.won.count / decided,
    unit,
    points: points.map(({ created: count, sums }, index): ReportPoint => ({
      from: parts[index]?.first ?? "",
      to: parts[index]?.last ?? "",
      created: count,
      won: sums.won.count,
      value: sums.won.cents / 100,
      lost: sums.lost.count,
      abandoned: sums.abandoned.count,
    })),
  };
}
