import type { Webhook } from "@dmtracker/shared/contracts/webhooks.ts";

export type WebhookState = { word: string; look: string; detail: string };

const LOOK = {
  active: "bg-won text-won-ink",
  failing: "bg-abandoned text-abandoned-ink",
  paused: "bg-open text-open-ink",
};

/** "in 40 s", "in 12 min", "in 3 h", "now". */
function until(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1_000);
  if (seconds <= 0) return "now";
  if (seconds < 90) return `in ${seconds} s`;
  return seconds < 5_400 ? `in ${Math.round(seconds / 60)} min` : `in ${Math.round(seconds / 3_600)} h`;
}

const waiting = (count: number): string => (count === 1 ? "1 event waits" : `${count} events wait`);

/** How a webhook is doing, as a word and as a sentence. */
export function webhookState(
  {
    state,
    pausedBecause,
    failing,
    seq,
    head,
  }: Pick<Webhook, "state" | "pausedBecause" | "failing" | "seq" | "head">,
  now: number,
): WebhookState {
  const behind = head - seq;
  if (state === "paused") {
    const rest = behind > 0 ? ` ${waiting(behind)}.` : "";
    return { word: "Paused", look: LOOK.paused, detail: `${pausedBecause ?? ""}${rest}` };
  }
  if (failing) {
    const { attempts, reason, nextAt } = failing;
    const tries = attempts === 1 ? "1 try" : `${attempts} tries`;
    const detail = `${reason} (${tries}). ${waiting(behind)}, next try ${until(nextAt, now)}.`;
    return { word: "Failing", look: LOOK.failing, detail };
  }
  const detail =
    behind > 0 ? `Delivering: ${waiting(behind)}.` : `Everything up to event ${seq} is delivered.`;
  return { word: "Active", look: LOOK.active, detail };
}
