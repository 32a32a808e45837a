import type { Contact, ContactChange } from "../contracts/contact.ts";
import { MAX_TAGS } from "../contracts/limits.ts";
import { automate } from "./automations.ts";
import type { AppliedRule, Decision, DecisionContext, Refusal } from "./decision.ts";
import { checkLostReason, liveRules, stageExists, unknownStage } from "./decision-guards.ts";
import {
  applyEffect,
  becomeStatus,
  changeFields,
  Draft,
  enterStage,
  followUp,
  isLate,
  logMessage,
  nextTagIds,
} from "./draft.ts";
import { checkParking, park } from "./parking.ts";
import { decideRemoval } from "./removal.ts";

/**
 * Decides one change of one contact: what is saved, what is logged, what rules add. Pure: the server runs it with
 * authority, the browser runs it for its optimistic view. Never throws; what cannot be done is a Refusal.
 */
export function decide(
  contact: Contact,
  change: ContactChange,
  context: DecisionContext,
): Decision | Refusal {
  if (contact.removed || change.removed !== undefined) return decideRemoval(contact, change, context);
  const { status, stageId } = change;
  if (stageId !== undefined && !stageExists(context, stageId)) return unknownStage(context);
  const effect = automate(
    { stageId: contact.stageId, status: contact.leadStatus },
    { stageId, status },
    liveRules(context),
  );
  const statusAfter = status ?? effect?.status ?? contact.leadStatus;
  const misplaced = checkLostReason(change, statusAfter) ?? checkParking(change, statusAfter, context.now);
  if (misplaced) return misplaced;

  if (change.followUp?.act === "snooze" && contact.followUp === null) {
    return {
      ok: false,
      code: "invalid",
      path: "followUp",
      message: "There is no follow-up to snooze: schedule one",
    };
  }

  const draft = new Draft(contact, context);
  const changed: string[] = [];
  const automations: AppliedRule[] = [];
  const place =
    change.after !== undefined || change.before !== undefined
      ? { after: change.after ?? null, before: change.before ?? null }
      : undefined;

  if (stageId !== undefined && stageId !== contact.stageId) {
    enterStage(draft, context, stageId, place);
    changed.push("stage");
  } else if (place) {
    const rank = context.rankFor(contact.stageId, place, contact);
    if (rank !== contact.rank) {
      draft.add("contact.reordered", { rank: contact.rank }, { rank });
      changed.push("place");
    }
  }
  if (status !== undefined && status !== contact.leadStatus) {
    becomeStatus(draft, context, status, change);
    changed.push("status");
  }
  if (effect) {
    const trigger = effect.status ? "contact.stage_changed" : "contact.status_changed";
    const applied = applyEffect(draft, context, effect, trigger, change);
    automations.push(applied);
    changed.push(applied.changed);
  }
  let rest = change;
  if (changed.includes("status")) {
    // Reason and value went into the status event; they are named here so that the caller sees them.
    if (draft.contact.lostReason !== contact.lostReason) changed.push("lostReason");
    if (draft.contact.value !== contact.value) changed.push("value");
    rest = { ...change, lostReason: undefined, value: undefined };
  }
  changed.push(...changeFields(draft, rest));
  if (change.tags) {
    const tagIds = nextTagIds(draft.contact.tagIds, change.tags);
    if (tagIds.length > MAX_TAGS) {
      return { ok: false, code: "invalid", path: "tags", message: `A contact has at most ${MAX_TAGS} tags` };
    }
    if (tagIds.length !== contact.tagIds.length || tagIds.some((id) => !contact.tagIds.includes(id))) {
      draft.add("contact.tags_changed", { tagIds: contact.tagIds }, { tagIds });
      changed.push("tags");
    }
  }
  if (change.assigneeId !== undefined && change.assigneeId !== contact.assigneeId) {
    draft.add("contact.assigned", { assigneeId: contact.assigneeId }, { assigneeId: change.assigneeId });
    changed.push("assignee");
  }
  if (change.message) {
    logMessage(draft, change.message, context);
    changed.push("message");
  }
  if (change.note !== undefined) {
    draft.add("contact.note_added", {}, { note: change.note });
    changed.push("note");
  }
  const isNews = change.message !== undefined && !isLate(contact, change.message);
  park(draft, change, isNews && change.message?.direction === "in", context);
  if (draft.contact.parked !== contact.parked) changed.push("parked");
  const before = draft.events.length;
  followUp(draft, contact, isNews ? change : { ...change, message: undefined }, context);
  if (change.followUp !== undefined && draft.events.length > before) changed.push("followUp");
  return { ok: true, contact: draft.contact, events: draft.events, changed, automations };
}
