import type { LiveState } from "#lib/state/live-state.svelte.ts";

export function howLong(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

/** How live the screen is, in words; `spoken` is for screen readers and holds no running clock. */
export function liveWords({
  status,
  behind,
  waiting,
  secondsBehind,
  apart,
}: Pick<LiveState, "status" | "behind" | "waiting" | "secondsBehind" | "apart">): {
  status: string;
  waiting: string;
  spoken: string;
} {
  const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
  const waits = waiting === 0 ? "" : status === "live" ? `· saving ${changes}` : `· ${changes} waiting`;
  const said = {
    live: apart ? "Live, a moment late" : "Live",
    "catching up": behind > 0 ? `Catching up, ${behind} behind` : "Catching up",
    offline: secondsBehind > 0 ? `Offline for ${howLong(secondsBehind)}` : "Offline",
  };
  const spoken = {
    live: apart ? "Live, what others do may come a moment late" : "Live",
    "catching up": "Catching up",
    offline: waiting > 0 ? `Offline, ${changes} waiting for the network` : "Offline",
  };
  return { status: said[status], waiting: waits, spoken: spoken[status] };
}
