const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Mac OS", "Mac"],
  ["Windows", "Windows"],
  ["Linux", "Linux"],
] as const;

const find = (names: readonly (readonly [string, string])[], agent: string): string | undefined =>
  names.find(([mark]) => agent.includes(mark))?.[1];

/** "Firefox on Windows": enough to recognise one's own. */
export function browserName(agent: string | null): string {
  const browser = find(BROWSERS, agent ?? "") ?? "Unknown browser";
  const system = find(SYSTEMS, agent ?? "");
  return system ? `${browser} on ${system}` : browser;
}
