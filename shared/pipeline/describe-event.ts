import type { Contact } from "../contracts/contact.ts";
import type { Cause, PipelineEvent, PipelineEventType } from "../contracts/event.ts";
import { CONVERSATION_STATUS_LABEL, LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import type { LeadStatus } from "../contracts/lead-status.ts";
import type { Actor, Member, Tag } from "../contracts/people.ts";
import type { Stage } from "../contracts/pipeline.ts";
import { formatValue } from "./money.ts";

/** The names that ids in an event stand for. */
export type Names = {
  stages: readonly Stage[];
  members: readonly Member[];
  tags: readonly Tag[];
  /** Where days are counted; UTC when it does not matter. */
  timeZone?: string;
};

/** A piece of a sentence. Read together, the texts are the sentence; the kinds say how a screen may show them. */
export type Segment =
  | { kind: "text" | "person" | "value" | "via"; text: string }
  | { kind: "stage"; text: string; colour: string | undefined }
  | { kind: "status"; text: string; status: LeadStatus };

export type Line = {
  segments: Segment[];
  /** What was written: a note or a message. */
  body?: string;
};

const text = (words: string): Segment => ({ kind: "text", text: words });
const value = (words: string): Segment => ({ kind: "value", text: words });

const FIELD_LABEL = {
  username: "Instagram handle",
  displayName: "display name",
  email: "e-mail",
  phone: "phone",
  manychatId: "ManyChat id",
  igId: "Instagram id",
  value: "deal value",
  lostReason: "lost reason",
} as const satisfies Partial<Record<keyof Contact, string>>;

type FieldName = keyof typeof FIELD_LABEL;

/** An act in both voices: "Ana moved it to …" when a person did it, "It moved to …" when nobody did. */
type Phrase = {
  active: Segment[];
  passive: Segment[];
  /** What follows from the act, said after its way. */
  tail?: Segment[];
  body?: string;
  /** Follows from the line before it: who and why stand there already. */
  follows?: true;
};

function capitalised(segments: Segment[]): Segment[] {
  const [first, ...rest] = segments;
  if (!first || first.kind !== "text") return segments;
  return [text(first.text.charAt(0).toUpperCase() + first.text.slice(1)), ...rest];
}

class Teller {
  readonly #event: PipelineEvent;
  readonly #names: Names;
  readonly #subject: string;
  readonly #inList: boolean;

  constructor(event: PipelineEvent, names: Names, subject: string | undefined) {
    this.#event = event;
    this.#names = names;
    this.#inList = subject !== undefined;
    this.#subject = subject ?? "this contact";
  }

  phrase(): Phrase {
    const { type, before, after } = this.#event;
    switch (type) {
      case "contact.created":
        return this.#both("added", "was added", [text(" to "), this.#stage(after.stageId)]);
      case "contact.stage_changed":
        return this.#both(
          "moved",
          "moved",
          this.#change(this.#stage(before.stageId), this.#stage(after.stageId)),
        );
      case "contact.reordered":
        return this.#both("moved", "moved", [text(" within its stage")]);
      case "contact.status_changed":
        return this.#statusChanged();
      case "contact.fields_changed":
        return this.#fieldsChanged();
      case "contact.tags_changed":
        return this.#tagsChanged();
      case "contact.assigned":
        return this.#assigned();
      case "contact.message_logged":
        return this.#messageLogged();
      case "contact.note_added":
        return {
          active: [text(`wrote a note${this.#about()}`)],
          passive: [text(`a note was added${this.#about()}`)],
          body: after.note ?? "",
        };
      case "contact.follow_up_set":
      case "contact.follow_up_done":
        return this.#event.cause ? this.#followUpFollowed() : this.#followUpChanged();
      case "contact.parked":
      case "contact.woke":
        return this.#parkingChanged();
      case "contact.removed":
        return this.#both("removed", "was removed", []);
      case "contact.restored":
        return this.#both("restored", "was restored", [text(" to "), this.#stage(after.stageId)]);
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

  #both(active: string, passive: string, rest: Segment[]): Phrase {
    return {
      active: [text(`${active} ${this.#subject}`), ...rest],
      passive: [text(`${this.#subject} ${passive}`), ...rest],
    };
  }

  /** " for @kim.fit" where lines of many contacts stand together, nothing on the contact's own page. */
  #about(): string {
    return this.#inList ? ` for ${this.#subject}` : "";
  }

  #change(before: Segment, after: Segment): Segment[] {
    return [text(" from "), before, text(" to "), after];
  }

  #stage(id: string | undefined): Segment {
    const stage = this.#names.stages.find((known) => known.id === id);
    return { kind: "stage", text: stage?.name ?? "a deleted stage", colour: stage?.colour };
  }

  #status(status: LeadStatus): Segment {
    return { kind: "status", text: LEAD_STATUS_LABEL[status], status };
  }

  #person(id: string): Segment {
    const member = this.#names.members.find((known) => known.id === id);
    return { kind: "person", text: member?.name ?? "a former member" };
  }

  #statusChanged(): Phrase {
    const { before, after } = this.#event;
    const change = this.#change(
      this.#status(before.leadStatus ?? "open"),
      this.#status(after.leadStatus ?? "open"),
    );
    if (typeof after.value === "number") change.push(text(" at "), value(formatValue(after.value)));
    if (after.lostReason) change.push(text(", reason: "), value(after.lostReason));
    const what = this.#inList ? this.#subject : "the lead status";
    return {
      active: [text(`changed ${what}`), ...change],
      passive: [text(this.#inList ? `${what} went` : `${what} changed`), ...change],
    };
  }

  #fieldsChanged(): Phrase {
    const { before, after } = this.#event;
    const active: Segment[] = [];
    const passive: Segment[] = [];
    for (const name of Object.keys(FIELD_LABEL) as FieldName[]) {
      if (after[name] === undefined) continue;
      const label = FIELD_LABEL[name];
      const old = shown(before[name]);
      const next = shown(after[name]);
      const comma = active.length > 0 ? ", " : "";
      if (next === undefined) {
        active.push(text(`${comma}removed the ${label} `), value(old ?? ""));
        passive.push(text(`${comma}the ${label} `), value(old ?? ""), text(" was removed"));
      } else if (old === undefined) {
        active.push(text(`${comma}set the ${label} to `), value(next));
        passive.push(text(`${comma}the ${label} was set to `), value(next));
      } else {
        active.push(text(`${comma}changed the ${label}`), ...this.#change(value(old), value(next)));
        passive.push(text(`${comma}the ${label} changed`), ...this.#change(value(old), value(next)));
      }
    }
    if (this.#inList) {
      active.push(text(this.#about()));
      passive.push(text(this.#about()));
    }
    return { active, passive };
  }

  #tagsChanged(): Phrase {
    const before = this.#event.before.tagIds ?? [];
    const after = this.#event.after.tagIds ?? [];
    const added = this.#tags(after.filter((id) => !before.includes(id)));
    const removed = this.#tags(before.filter((id) => !after.includes(id)));
    const active: Segment[] = [];
    const passive: Segment[] = [];
    if (added) {
      active.push(text(`added the ${added.word} `), value(added.names));
      passive.push(text(`the ${added.word} `), value(added.names), text(` ${added.verb} added`));
    }
    if (removed) {
      const and = added ? " and " : "";
      active.push(text(`${and}removed the ${removed.word} `), value(removed.names));
      passive.push(
        text(`${and}the ${removed.word} `),
        value(removed.names),
        text(` ${removed.verb} removed`),
      );
    }
    if (this.#inList) {
      active.push(text(this.#about()));
      passive.push(text(this.#about()));
    }
    return { active, passive };
  }

  #tags(ids: readonly string[]): { word: string; verb: string; names: string } | undefined {
    if (ids.length === 0) return undefined;
    const names = ids.map((id) => this.#names.tags.find((tag) => tag.id === id)?.name ?? "a deleted tag");
    return ids.length === 1
      ? { word: "tag", verb: "was", names: names.join(", ") }
      : { word: "tags", verb: "were", names: names.join(", ") };
  }

  #assigned(): Phrase {
    const { before, after, actor } = this.#event;
    const from = before.assigneeId ? this.#person(before.assigneeId) : undefined;
    if (!after.assigneeId) {
      const rest = from ? [text(" from "), from] : [];
      return this.#both("unassigned", "was unassigned", rest);
    }
    const origin = from ? [text(" from "), from] : [];
    if (actor.type === "user" && actor.id === after.assigneeId) {
      return this.#both("took", "was taken", from ? [text(" over"), ...origin] : []);
    }
    const verb = from ? "reassigned" : "assigned";
    return this.#both(verb, `was ${verb}`, [...origin, text(" to "), this.#person(after.assigneeId)]);
  }

  #parkingChanged(): Phrase {
    const { before, after } = this.#event;
    const { parked } = after;
    if (parked) {
      const reason = parked.reason ? [text(": "), value(parked.reason)] : [];
      const until = [text(" until "), this.#day(parked.until), ...reason];
      return before.parked
        ? this.#both("parked", "was parked anew", until)
        : this.#both("parked", "was parked", until);
    }
    const reason = before.parked?.reason;
    return this.#both("woke", "woke up", reason ? [text(", parked for: "), value(reason)] : []);
  }

  #day(at: string): Segment {
    const timeZone = this.#names.timeZone ?? "UTC";
    const format = new Intl.DateTimeFormat("en-GB", {
      weekday: "short",
      day: "numeric",
      month: "short",
      timeZone,
    });
    return value(format.format(Date.parse(at)));
  }

  /** A follow-up that somebody has changed themselves. */
  #followUpChanged(): Phrase {
    const { type, before, after } = this.#event;
    const old = before.followUp ?? null;
    const next = after.followUp ?? null;
    const about = this.#about();
    const note = next?.note && next.note !== old?.note ? [text(": "), value(next.note)] : [];
    const say = (active: string, passive: string, rest: Segment[] = []): Phrase => ({
      active: [text(active + about), ...rest],
      passive: [text(passive), ...rest],
    });
    const it = `the follow-up${about}`;
    if (type === "contact.follow_up_done") return say("completed the follow-up", `${it} was completed`);
    if (!next) return say("removed the follow-up", `${it} was removed`);
    if (!old) {
      const day = [text(" for "), this.#day(next.dueAt), ...note];
      return say("scheduled a follow-up", `a follow-up${about} was scheduled`, day);
    }
    if (old.dueAt === next.dueAt)
      return say("changed the note of the follow-up", `the note of ${it} changed`, note);
    const move = [...this.#change(this.#day(old.dueAt), this.#day(next.dueAt)), ...note];
    return say("moved the follow-up", `${it} was moved`, move);
  }

  /** What a message or an outcome meant for the follow-up. */
  #followUpFollowed(): Phrase {
    const next = this.#event.after.followUp ?? null;
    const about = this.#about();
    const say = (...segments: Segment[]): Phrase => ({ active: segments, passive: segments, follows: true });
    if (next?.step === 0) return say(text(`follow-up${about} is due now`));
    if (next) {
      const step = next.step === null ? [] : [text(`, step ${next.step} of the cadence`)];
      return say(text(`next follow-up${about} on `), this.#day(next.dueAt), ...step);
    }
    const isDone = this.#event.type === "contact.follow_up_done";
    return say(text(isDone ? `follow-up${about} done, none comes after it` : `follow-up${about} ended`));
  }

  #messageLogged(): Phrase {
    const { before, after } = this.#event;
    const message = after.lastMessage ?? after.message;
    const direction = message?.direction === "in" ? "an incoming" : "an outgoing";
    const tail: Segment[] = [];
    const next = after.conversationStatus;
    if (next && next !== before.conversationStatus) {
      const old = before.conversationStatus;
      tail.push(text(", conversation status"));
      if (old) tail.push(text(" from "), value(CONVERSATION_STATUS_LABEL[old]));
      tail.push(text(" to "), value(CONVERSATION_STATUS_LABEL[next]));
    }
    return {
      active: [text(`logged ${direction} message${this.#about()}`)],
      passive: [text(`${direction} message was logged${this.#about()}`)],
      tail,
      body: message?.text ?? "",
    };
  }
}

function shown(field: string | number | null | undefined): string | undefined {
  if (field === null || field === undefined) return undefined;
  return typeof field === "number" ? formatValue(field) : field;
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
  const { active, passive, tail = [], body, follows } = new Teller(event, names, subject).phrase();
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
