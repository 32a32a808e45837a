import type { Contact } from "../contracts/contact.ts";
import type { PipelineEvent } from "../contracts/event.ts";
import { CONVERSATION_STATUS_LABEL } from "../contracts/labels.ts";
import { formatValue } from "./money.ts";
import { text, value, type Phrase, type Segment, type Words } from "./sentence.ts";

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

function shown(field: string | number | null | undefined): string | undefined {
  if (field === null || field === undefined) return undefined;
  return typeof field === "number" ? formatValue(field) : field;
}

export function tellStatus(event: PipelineEvent, words: Words): Phrase {
  const { before, after } = event;
  const change = words.change(
    words.status(before.leadStatus ?? "open"),
    words.status(after.leadStatus ?? "open"),
  );
  if (typeof after.value === "number") change.push(text(" at "), value(formatValue(after.value)));
  if (after.lostReason) change.push(text(", reason: "), value(after.lostReason));
  const what = words.inList ? words.subject : "the lead status";
  return {
    active: [text(`changed ${what}`), ...change],
    passive: [text(words.inList ? `${what} went` : `${what} changed`), ...change],
  };
}

export function tellFields(event: PipelineEvent, words: Words): Phrase {
  const { before, after } = event;
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
      active.push(text(`${comma}changed the ${label}`), ...words.change(value(old), value(next)));
      passive.push(text(`${comma}the ${label} changed`), ...words.change(value(old), value(next)));
    }
  }
  if (words.inList) {
    active.push(text(words.about()));
    passive.push(text(words.about()));
  }
  return { active, passive };
}

export function tellTags(event: PipelineEvent, words: Words): Phrase {
  const before = event.before.tagIds ?? [];
  const after = event.after.tagIds ?? [];
  const added = words.tags(after.filter((id) => !before.includes(id)));
  const removed = words.tags(before.filter((id) => !after.includes(id)));
  const active: Segment[] = [];
  const passive: Segment[] = [];
  if (added) {
    active.push(text(`added the ${added.word} `), value(added.names));
    passive.push(text(`the ${added.word} `), value(added.names), text(` ${added.verb} added`));
  }
  if (removed) {
    const and = added ? " and " : "";
    active.push(text(`${and}removed the ${removed.word} `), value(removed.names));
    passive.push(text(`${and}the ${removed.word} `), value(removed.names), text(` ${removed.verb} removed`));
  }
  if (words.inList) {
    active.push(text(words.about()));
    passive.push(text(words.about()));
  }
  return { active, passive };
}

export function tellAssignee(event: PipelineEvent, words: Words): Phrase {
  const { before, after, actor } = event;
  const from = before.assigneeId ? words.person(before.assigneeId) : undefined;
  if (!after.assigneeId) {
    const rest = from ? [text(" from "), from] : [];
    return words.both("unassigned", "was unassigned", rest);
  }
  const origin = from ? [text(" from "), from] : [];
  if (actor.type === "user" && actor.id === after.assigneeId) {
    return words.both("took", "was taken", from ? [text(" over"), ...origin] : []);
  }
  const verb = from ? "reassigned" : "assigned";
  return words.both(verb, `was ${verb}`, [...origin, text(" to "), words.person(after.assigneeId)]);
}

export function tellParking(event: PipelineEvent, words: Words): Phrase {
  const { before, after } = event;
  const { parked } = after;
  if (parked) {
    const reason = parked.reason ? [text(": "), value(parked.reason)] : [];
    const until = [text(" until "), words.day(parked.until), ...reason];
    return before.parked
      ? words.both("parked", "was parked anew", until)
      : words.both("parked", "was parked", until);
  }
  const reason = before.parked?.reason;
  return words.both("woke", "woke up", reason ? [text(", parked for: "), value(reason)] : []);
}

export function tellMessage(event: PipelineEvent, words: Words): Phrase {
  const { before, after } = event;
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
    active: [text(`logged ${direction} message${words.about()}`)],
    passive: [text(`${direction} message was logged${words.about()}`)],
    tail,
    body: message?.text ?? "",
  };
}
