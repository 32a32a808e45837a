const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** An age as short as a card needs it: "now", "5m", "3h", "2d", "6w". */
export function shortAge(at: string, now: number): string {
  const passed = now - Date.parse(at);
  if (passed < MINUTE_MS) return "now";
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)}m`;
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)}h`;
  if (passed < 14 * DAY_MS) return `${Math.floor(passed / DAY_MS)}d`;
  return `${Math.floor(passed / (7 * DAY_MS))}w`;
}
