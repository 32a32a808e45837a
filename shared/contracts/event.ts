import { z } from "zod";
import { Contact, Message } from "./contact.ts";
import { Actor } from "./people.ts";
import { Rule, Stage, TimedRule } from "./pipeline.ts";
import { Id, Instant } from "./primitives.ts";

export const ContactEventType = z.enum([
  "contact.created",
  "contact.stage_changed",
  /** A new place within the same stage: it moves a card, it is no line of history. */
  "contact.reordered",
  "contact.status_changed",
  "contact.fields_changed",
  "contact.tags_changed",
  "contact.assigned",
  "contact.message_logged",
  "contact.note_added",
  /** Scheduled, moved, made due by a reply, or removed (`after.followUp` null). */
  "contact.follow_up_set",
  /** Done, by hand or by writing again; `after.followUp` is the next step, if there is one. */
  "contact.follow_up_done",
  /** Parked, or parked for another day. */
  "contact.parked",
  /** Woken: at its moment, by a person or by a reply. */
  "contact.woke",
  /** Taken off every board, list, count and report. */
  "contact.removed",
  /** Back again: it carries the whole contact, as `contact.created` does, because nobody holds it. */
  "contact.restored",
]);
export type ContactEventType = z.infer<typeof ContactEventType>;

export const PipelineEventType = z.enum([
  ...ContactEventType.options,
  "pipeline.stages_changed",
  "pipeline.rules_changed",
  /** New ranks for a run of one stage's contacts, same order as before. */
  "pipeline.reranked",
  "pipeline.renamed",
  /**
   * Something that belongs to all pipelines has changed: tags, people, lost reasons, cadence, time zone, names. It
   * stands in every pipeline's log, so that nobody misses it, and says no more than that: the newest is read anew.
   */
  "organization.changed",
]);
export type PipelineEventType = z.infer<typeof PipelineEventType>;

/** The change that a rule answered to. */
export const Cause = z.object({ seq: z.int(), type: PipelineEventType, actor: Actor });
export type Cause = z.infer<typeof Cause>;

/** What an event takes back. It is an ordinary change all the same, with one mark: no rule answers to it. */
export const Undone = z.object({
  /** The batch; null when it is everything that somebody did since a moment. */
  batchId: z.string().nullable(),
  /** Whose change it was. */
  actor: Actor,
  /** `undo`: by the person who made it; `reversal`: by an owner or admin. */
  by: z.enum(["undo", "reversal"]),
});
export type Undone = z.infer<typeof Undone>;

export const EventState = Contact.partial().extend({
  note: z.string().optional(),
  /** A message that was logged late: a line of history, older than the last message. */
  message: Message.optional(),
  stages: z.array(Stage).optional(),
  rules: z.array(Rule).optional(),
  timedRules: z.array(TimedRule).optional(),
  /** Name of the pipeline. */
  name: z.string().optional(),
  /** contact id -> new rank */
  ranks: z.record(Id, z.string()).optional(),
});
export type EventState = z.infer<typeof EventState>;

/**
 * One numbered change of a pipeline. `before` and `after` hold changed fields only, with one exception: events
 * that move a contact between totals (stage, status, value) carry stage, status and value in `before`, so that
 * counts and reports follow without knowing the contact.
 */
export const PipelineEvent = z.object({
  pipelineId: Id,
  /** Grows by one per pipeline, without gaps. */
  seq: z.int(),
  type: PipelineEventType,
  contactId: Id.nullable(),
  /** `username` of the contact, so that a line of history reads without a look-up. */
  username: z.string().nullable(),
  before: EventState,
  after: EventState,
  actor: Actor,
  cause: Cause.nullable(),
  /** The same for everything that one call changed. */
  batchId: z.string(),
  undoes: Undone.optional(),
  at: Instant,
});
export type PipelineEvent = z.infer<typeof PipelineEvent>;
