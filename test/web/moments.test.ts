import { describe, expect, test } from "vitest";
import { ago, byDay, dayName } from "../../web/src/lib/contact/moments.ts";

const at = (text: string) => new Date(text).toISOString();
const now = Date.parse(at("2026-11-22T15:00:00"));

describe("times as people read them", () => {
  test("relative today, the time of day before, never a future", () => {
    expect(ago(at("2026-11-22T14:59:30"), now)).toBe("just now");
    expect(ago(at("2026-11-22T15:00:20"), now)).toBe("just now");
    expect(ago(at("2026-11-22T14:48:00"), now)).toBe("12 min ago");
    expect(ago(at("2026-11-22T09:10:00"), now)).toBe("5 h ago");
    expect(ago(at("2026-11-21T09:10:00"), now)).toBe("09:10");
  });

  test("days are named from today backwards", () => {
    expect(dayName(at("2026-11-22T00:00:00"), now)).toBe("Today");
    expect(dayName(at("2026-11-21T23:59:59"), now)).toBe("Yesterday");
    expect(dayName(at("2026-11-19T12:00:00"), now)).toBe("Thursday 19 November");
    expect(dayName(at("2025-03-03T12:00:00"), now)).toBe("3 March 2025");
  });

  test("what lies on one day stands together", () => {
    const things = ["2026-11-22T14:00:00", "2026-11-22T08:00:00", "2026-11-20T08:00:00"].map((text) => ({
      at: at(text),
    }));
    expect(byDay(things, now).map(({ name, things }) => [name, things.length])).toEqual([
      ["Today", 2],
      ["Friday 20 November", 1],
    ]);
  });
});
