import { actOf, isTaken } from "#lib/keys/key-map.ts";
import type { FollowUpsScreen } from "./follow-ups-screen.svelte.ts";

/** One key per act, as long as nobody is typing or choosing; Enter is the row's own link. */
export function answerFollowUpKey(event: KeyboardEvent, screen: FollowUpsScreen): void {
  if (isTaken(event) || (event.target as Element).closest("[data-contact-panel]")) return;
  const act = actOf(event, "Follow-Ups", "Contact", "Walk");
  const id = screen.focusedId;
  const contact = screen.list.find(id);
  if (act === "next" || act === "previous") screen.move(act === "next" ? 1 : -1);
  else if (!contact) return;
  else if (act === "complete") screen.complete(contact);
  else if (act === "snooze") screen.snoozeMenuOf = id;
  else if (act === "assign") screen.assigneeMenuOf = id;
  else return;
  event.preventDefault();
}
