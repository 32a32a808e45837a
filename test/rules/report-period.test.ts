import { dayEnds, daysOfPeriod, partsOf, spanOfDays } from "@dmtracker/shared/pipeline/report-period.ts";
import { addDays, dayOf, daysBetween, startOfDay } from "@dmtracker/shared/pipeline/zoned-days.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

const aDay = fc.integer({ min: 0, max: 20_000 }).map((days) => addDays("1990-01-01", days));

test("[RP2] periods are whole weeks from Monday and whole months, also the last ones", () => {
  const today = "2026-03-01";
  expect(daysOfPeriod("today", today)).toEqual({ first: today, last: today });
  expect(daysOfPeriod("this_week", today)).toEqual({ first: "2026-02-23", last: "2026-03-01" });
  expect(daysOfPeriod("last_week", today)).toEqual({ first: "2026-02-16", last: "2026-02-22" });
  expect(daysOfPeriod("this_month", today)).toEqual({ first: "2026-03-01", last: "2026-03-31" });
  expect(daysOfPeriod("last_month", today)).toEqual({ first: "2026-02-01", last: "2026-02-28" });
  expect(daysOfPeriod("last_month", "2026-01-31")).toEqual({ first: "2025-12-01", last: "2025-12-31" });
  expect(daysOfPeriod("last_30_days", today)).toEqual({ first: "2026-01-31", last: today });
  expect(daysOfPeriod("2026-01-05..2026-01-09", today)).toEqual({ first: "2026-01-05", last: "2026-01-09" });
});

test("[RP2] the parts of a period follow one another without gap or overlap", () => {
  fc.assert(
    fc.property(aDay, fc.integer({ min: 0, max: 1_500 }), (first, length) => {
      const last = addDays(first, length);
      const { parts } = partsOf({ first, last });
      expect(parts[0]?.first).toBe(first);
      expect(parts.at(-1)?.last).toBe(last);
      for (const [index, part] of parts.entries()) {
        expect(daysBetween(part.first, part.last)).toBeGreaterThanOrEqual(0);
        const before = parts[index - 1];
        if (before) expect(part.first).toBe(addDays(before.last, 1));
      }
    }),
  );
});

test("[RP2] a day ends where the next begins, in every time zone and across changes of clocks", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"),
      fc.integer({ min: Date.parse("2024-01-01"), max: Date.parse("2027-12-31") }),
      (timeZone, at) => {
        const today = dayOf(at, timeZone);
        const end = dayEnds(timeZone)(at);
        expect(end).toBe(startOfDay(addDays(today, 1), timeZone));
        expect(spanOfDays({ first: today, last: today }, timeZone).until).toBe(end);
        expect(end).toBeGreaterThan(at);
      },
    ),
  );
});
