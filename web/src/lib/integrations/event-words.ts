import type { PipelineEventType } from "@dmtracker/shared/contracts/event.ts";

/** What a webhook can be told, in groups and in words. */
export const EVENT_GROUPS: readonly { label: string; types: Partial<Record<PipelineEventType, string>> }[] = [
  {
    label: "Contacts",
    types: {
      "contact.created": "Created",
      "contact.status_changed": "Lead status changed",
      "contact.stage_changed": "Stage changed",
      "contact.assigned": "Assigned",
      "contact.tags_changed": "Tags changed",
      "contact.fields_changed": "Fields changed",
      "contact.note_added": "Note added",
      "contact.reordered": "Moved within a stage",
      "contact.removed": "Removed",
      "contact.restored": "Restored",
    },
  },
  {
    label: "Conversations and follow-ups",
    types: {
      "contact.message_logged": "Message in or out",
      "contact.follow_up_set": "Follow-up planned",
      "contact.follow_up_done": "Follow-up done",
      "contact.parked": "Parked",
      "contact.woke": "Woke up",
    },
  },
  {
    label: "Settings",
    types: {
      "pipeline.stages_changed": "Stages changed",
      "pipeline.rules_changed": "Automations changed",
      "pipeline.renamed": "Pipeline renamed",
      "pipeline.reranked": "Cards renumbered",
      "organization.changed": "Tags, people or settings changed",
    },
  },
];

const WORDS = new Map(EVENT_GROUPS.flatMap(({ types }) => Object.entries(types)));

export const eventWord = (type: string): string =>
  type === "ping" ? "Test ping" : (WORDS.get(type) ?? type);

/** "Every event", "Lead status changed", "Created and 2 more". */
export function eventsWords(events: readonly PipelineEventType[] | null): string {
  if (events === null) return "Every event";
  const [first = "", ...more] = events.map(eventWord);
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
