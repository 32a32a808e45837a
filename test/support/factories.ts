import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Rule, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import type { DecisionContext } from "@dmtracker/shared/pipeline/decision.ts";
import { rankBetween } from "@dmtracker/shared/pipeline/ranks.ts";

let made = 0;

/** A fresh id of the right shape. */
export function anId(): string {
  made += 1;
  return made.toString(16).padStart(24, "0");
}

export const STAGE_NAMES = [
  "Outreach Sent",
  "In Conversation",
  "Interested",
  "Meeting Booked",
  "Closed",
  "Lost",
] as const;

export function someStages(names: readonly string[] = STAGE_NAMES): Stage[] {
  return names.map((name) => ({ id: anId(), name, colour: "#64748b" }));
}

export function aRule(type: Rule["type"], stageId: string, status: LeadStatus, enabled = true): Rule {
  return { id: anId(), type, stageId, status, enabled };
}

export function aContact(fields: Partial<Contact> & Pick<Contact, "stageId">): Contact {
  const at = "2026-03-01T10:00:00.000Z";
  return {
    id: anId(),
    pipelineId: anId(),
    rank: "a0",
    username: "kim.fit",
    displayName: null,
    email: null,
    phone: null,
    manychatId: null,
    igId: null,
    value: null,
    tagIds: [],
    assigneeId: null,
    leadStatus: "open",
    lostReason: null,
    conversationStatus: null,
    lastMessage: null,
    followUp: null,
    followUpStep: 0,
    parked: null,
    removed: null,
    source: "user",
    version: 1,
    seq: 1,
    createdAt: at,
    stageEnteredAt: at,
    statusChangedAt: at,
    lastActivityAt: at,
    ...fields,
  };
}

export const ana: Actor = { type: "user", id: anId(), name: "Ana" };

export function aContext(stages: Stage[], rules: Rule[] = [], head = 10): DecisionContext {
  return {
    pipeline: { id: anId(), stages, rules },
    settings: DEFAULT_SETTINGS,
    actor: ana,
    now: "2026-03-02T09:00:00.000Z",
    head,
    batchId: "batch-1",
    rankFor: (_stageId, _place, contact) => rankBetween(null, contact?.rank ?? null),
  };
}
