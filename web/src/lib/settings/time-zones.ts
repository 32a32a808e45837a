/** Every time zone that this browser knows, and UTC, by name. */
export function timeZones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
}

const plain = (text: string): string => text.toLowerCase().replaceAll(/[_/]/g, " ");

/** Zones in which every word of the search begins a word: "new york", "berlin", "america". */
export function matchingZones(zones: readonly string[], search: string): string[] {
  const wanted = plain(search).split(/\s+/).filter(Boolean);
  return zones.filter((zone) => {
    const words = plain(zone).split(" ");
    return wanted.every((part) => words.some((word) => word.startsWith(part)));
  });
}

/** "14:05, GMT+9": what the clock shows there now. */
export function clockIn(timeZone: string, now: number): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "shortOffset",
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return `${parts.hour}:${parts.minute}, ${parts.timeZoneName}`;
}
