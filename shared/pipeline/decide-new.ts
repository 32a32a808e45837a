import type { Contact, NewContact } from "../contracts/contact.ts";
import { automate } from "./automations.ts";
import type { AppliedRule, Decision, DecisionContext, Refusal } from "./decision.ts";
import { checkLostReason, liveRules, stageExists, unknownStage } from "./decision-guards.ts";
import { applyEffect, becomeStatus, Draft, followUp, logMessage } from "./draft.ts";

/**
 * Decides a new contact. It enters its stage (the first one when none is named), so rules on that stage act; the
 * default status Open is a state and no change, so rules on Open do not.
 */
export function decideNew(input: NewContact, context: DecisionContext): Decision | Refusal {
  const { status, stageId } = input;
  const [firstStage] = context.pipeline.stages;
  if (!firstStage || (stageId !== undefined && !stageExists(context, stageId))) return unknownStage(context);
  const before = { stageId: undefined, status: "open" as const };
  const rules = liveRules(context);
  const byName = automate(before, { stageId, status }, rules);
  const enteredStageId = byName?.stageId ?? stageId ?? firstStage.id;
  const byDefault =
    byName || stageId !== undefined
      ? undefined
      : automate(before, { stageId: enteredStageId, status }, rules);
  const misplaced = checkLostReason(input, status ?? byName?.status ?? byDefault?.status ?? "open");
  if (misplaced) return misplaced;

  const startStageId = stageId ?? firstStage.id;
  const blank: Contact = {
    id: input.id,
    pipelineId: context.pipeline.id,
    stageId: startStageId,
    rank: context.rankFor(startStageId, undefined, undefined),
    username: input.username,
    displayName: input.displayName ?? null,
    email: input.email ?? null,
    phone: input.phone ?? null,
    manychatId: input.manychatId ?? null,
    igId: input.igId ?? null,
    value: input.value ?? null,
    tagIds: [...new Set(input.tagIds ?? [])],
    assigneeId: input.assigneeId ?? null,
    leadStatus: "open",
    lostReason: null,
    conversationStatus: null,
    lastMessage: null,
    followUp: null,
    followUpStep: 0,
    parked: null,
    removed: null,
    source: input.source,
    version: 1,
    seq: context.head + 1,
    createdAt: context.now,
    stageEnteredAt: context.now,
    statusChangedAt: context.now,
    lastActivityAt: context.now,
  };
  // The created event carries the whole contact; everything after it is an ordinary event of the same version.
  const draft = new Draft({ ...blank, version: 0, seq: context.head }, context);
  draft.add("contact.created", {}, blank);
  draft.contact = blank;
  const automations: AppliedRule[] = [];
  // A named status is a change like any other, so a contact that comes in as Won is a win.
  if (status !== undefined && status !== "open") becomeStatus(draft, context, status, input);
  const effect = byName ?? byDefault;
  if (effect) {
    const trigger = effect.stageId ? "contact.status_changed" : "contact.created";
    automations.push(applyEffect(draft, context, effect, trigger, input));
  }
  if (input.message) logMessage(draft, input.message, context);
  followUp(draft, blank, { status, message: input.message }, context);
  return { ok: true, contact: draft.contact, events: draft.events, changed: ["created"], automations };
}
