import type { FollowUpsScreen } from "./follow-ups-screen.svelte.ts";

const STEP: Record<string, 1 | -1> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** One key per act, as long as nobody is typing or choosing; Enter is the row's own link. */
export function answerFollowUpKey(event: KeyboardEvent, screen: FollowUpsScreen): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if ((event.target as Element).closest('input, textarea, [role="menu"], [role="dialog"]')) return;
  const step = STEP[event.key];
  const id = screen.focusedId;
  const contact = screen.list.find(id);
  if (step) screen.move(step);
  else if (!contact) return;
  else if (event.key === "c") screen.complete(contact);
  else if (event.key === "z") screen.snoozeMenuOf = id;
  else if (event.key === "a") screen.assigneeMenuOf = id;
  else return;
  event.preventDefault();
}
