import type { ActivityKind, ActorKind } from "../contracts/activity.ts";
import type { PipelineEvent, PipelineEventType } from "../contracts/event.ts";

/** Which lines of history are shown: OR inside one, AND between the two; absent means all. */
export type LineFilter = {
  kinds?: readonly ActivityKind[] | undefined;
  actors?: readonly ActorKind[] | undefined;
};

const KIND: Record<PipelineEventType, ActivityKind | undefined> = {
  "contact.created": "new",
  "contact.stage_changed": "outcome",
  "contact.reordered": undefined,
  "contact.status_changed": "outcome",
  "contact.fields_changed": "fields",
  "contact.tags_changed": "fields",
  "contact.assigned": "fields",
  "contact.message_logged": "messages",
  "contact.note_added": "notes",
  "contact.follow_up_set": "follow_ups",
  "contact.follow_up_done": "follow_ups",
  "contact.parked": "follow_ups",
  "contact.woke": "follow_ups",
  "contact.removed": "new",
  "contact.restored": "new",
  "pipeline.stages_changed": "settings",
  "pipeline.rules_changed": "settings",
  "pipeline.renamed": "settings",
  "organization.changed": "settings",
  "pipeline.reranked": undefined,
};

const TYPES = Object.keys(KIND) as PipelineEventType[];

/** Events that only arrange the board: no line of any history. */
export const ARRANGING: readonly PipelineEventType[] = TYPES.filter((type) => KIND[type] === undefined);

/** The events that are lines of these kinds. */
export function typesOf(kinds: readonly ActivityKind[] | undefined): PipelineEventType[] {
  return TYPES.filter((type) => {
    const kind = KIND[type];
    return kind !== undefined && (kinds === undefined || kinds.includes(kind));
  });
}

/** Whether an event is a line that the filter lets through. */
export function isLine({ type, actor }: PipelineEvent, { kinds, actors }: LineFilter): boolean {
  const kind = KIND[type];
  if (kind === undefined || kinds?.includes(kind) === false) return false;
  return actors?.includes(actor.type) !== false;
}
