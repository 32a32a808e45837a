import type { Cause, PipelineEvent, PipelineEventType } from "../contracts/event.ts";
import type { Actor } from "../contracts/people.ts";
import {
  capitalised,
  text,
  value,
  Words,
  type Line,
  type Names,
  type Phrase,
  type Segment,
} from "./sentence.ts";
import { tellAssignee, tellFields, tellMessage, tellParking, tellStatus, tellTags } from "./tell-contact.ts";
import { tellFollowUp, tellWhatFollows } from "./tell-follow-up.ts";

function phraseOf(event: PipelineEvent, words: Words): Phrase {
  const { type, before, after } = event;
  switch (type) {
    case "contact.created":
      return words.both("added", "was added", [text(" to "), words.stage(after.stageId)]);
    case "contact.stage_changed":
      return words.both(
        "moved",
        "moved",
        words.change(words.stage(before.stageId), words.stage(after.stageId)),
      );
    case "contact.reordered":
      return words.both("moved", "moved", [text(" within its stage")]);
    case "contact.status_changed":
      return tellStatus(event, words);
    case "contact.fields_changed":
      return tellFields(event, words);
    case "contact.tags_changed":
      return tellTags(event, words);
    case "contact.assigned":
      return tellAssignee(event, words);
    case "contact.message_logged":
      return tellMessage(event, words);
    case "contact.note_added":
      return {
        active: [text(`wrote a note${words.about()}`)],
        passive: [text(`a note was added${words.about()}`)],
        body: after.note ?? "",
      };
    case "contact.follow_up_set":
    case "contact.follow_up_done":
      return event.cause ? tellWhatFollows(event, words) : tellFollowUp(event, words);
    case "contact.parked":
    case "contact.woke":
      return tellParking(event, words);
    case "contact.removed":
      return words.both("removed", "was removed", []);
    case "contact.restored":
      return words.both("restored", "was restored", [text(" to "), words.stage(after.stageId)]);
    case "pipeline.stages_changed":
      // Of a large stage the contacts leave first: that is told before the stages are others.
      return after.stages
        ? { active: [text("changed the stages")], passive: [text("the stages changed")] }
        : { active: [text("began to delete a stage")], passive: [text("a stage is being deleted")] };
    case "pipeline.rules_changed":
      return { active: [text("changed the automations")], passive: [text("the automations changed")] };
    case "pipeline.renamed": {
      const to = [text(" to "), value(after.name ?? "")];
      return {
        active: [text("renamed the pipeline"), ...to],
        passive: [text("the pipeline was renamed"), ...to],
      };
    }
    case "organization.changed":
      return { active: [text("changed the settings")], passive: [text("the settings changed")] };
    case "pipeline.reranked":
      return {
        active: [text("tidied the order of cards")],
        passive: [text("the order of cards was tidied")],
      };
  }
}

const CAUSE: Partial<Record<PipelineEventType, { active: string; passive: string }>> = {
  "contact.created": { active: "added the contact", passive: "the contact was added" },
  "contact.stage_changed": { active: "changed the stage", passive: "the stage changed" },
  "contact.status_changed": { active: "changed the lead status", passive: "the lead status changed" },
  "contact.message_logged": { active: "logged a reply", passive: "a reply came" },
  "pipeline.stages_changed": { active: "deleted the stage", passive: "the stage was deleted" },
  "organization.changed": { active: "tidied up the tags", passive: "the tags were tidied up" },
};

function via(actor: Actor): string {
  if (actor.type === "api") return " via API";
  return actor.type === "automation" ? ` via automation: ${actor.name}` : "";
}

function because(cause: Cause): Segment[] {
  const act = CAUSE[cause.type];
  if (!act) return [];
  return cause.actor.type === "user"
    ? [text(", because "), { kind: "person", text: cause.actor.name }, text(` ${act.active}`)]
    : [text(`, because ${act.passive}${via(cause.actor)}`)];
}

/** What is taken back is said first: "Ana undid a change: moved …", "Ana reversed what Marcus did: …". */
function undoing({ undoes }: PipelineEvent): Segment[] {
  if (!undoes) return [];
  if (undoes.by === "undo") return [text("undid a change: ")];
  const { actor } = undoes;
  const whose: Segment =
    actor.type === "user"
      ? { kind: "person", text: actor.name }
      : text(actor.type === "api" ? `API token ${actor.name}` : `automation ${actor.name}`);
  return [text("reversed what "), whose, text(" did: ")];
}

/**
 * One event as one plain sentence: "Ana moved @kim.fit from Interested to Meeting Booked". With a `subject` it says
 * whom it is about; without one it stands on the contact's own page.
 */
export function describeEvent(event: PipelineEvent, names: Names, subject?: string): Line {
  const { actor, cause } = event;
  const { active, passive, tail = [], body, follows } = phraseOf(event, new Words(names, subject));
  if (follows) return { segments: capitalised(passive) };
  const segments: Segment[] =
    actor.type === "user"
      ? [{ kind: "person", text: actor.name }, text(" "), ...undoing(event), ...active]
      : capitalised([...undoing(event), ...passive]);
  const way = via(actor);
  if (way) segments.push({ kind: "via", text: way });
  segments.push(...tail);
  if (cause) segments.push(...because(cause));
  return body === undefined ? { segments } : { segments, body };
}

/** The sentence as plain text, for announcements and titles. */
export function plainText(line: Line): string {
  return line.segments.map((segment) => segment.text).join("");
}
