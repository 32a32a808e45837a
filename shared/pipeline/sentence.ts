import { LEAD_STATUS_LABEL } from "../contracts/labels.ts";
import type { LeadStatus } from "../contracts/lead-status.ts";
import type { Member, Tag } from "../contracts/people.ts";
import type { Stage } from "../contracts/pipeline.ts";

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

export const text = (words: string): Segment => ({ kind: "text", text: words });
export const value = (words: string): Segment => ({ kind: "value", text: words });

/** An act in both voices: "Ana moved it to …" when a person did it, "It moved to …" when nobody did. */
export type Phrase = {
  active: Segment[];
  passive: Segment[];
  /** What follows from the act, said after its way. */
  tail?: Segment[];
  body?: string;
  /** Follows from the line before it: who and why stand there already. */
  follows?: true;
};

export function capitalised(segments: Segment[]): Segment[] {
  const [first, ...rest] = segments;
  if (!first || first.kind !== "text") return segments;
  return [text(first.text.charAt(0).toUpperCase() + first.text.slice(1)), ...rest];
}

/** What a sentence is made of: whom it is about, and the names behind the ids. */
export class Words {
  /** Lines of many contacts stand together: each says whom it is about. */
  readonly inList: boolean;
  readonly subject: string;
  readonly #names: Names;

  constructor(names: Names, subject: string | undefined) {
    this.#names = names;
    this.inList = subject !== undefined;
    this.subject = subject ?? "this contact";
  }

  /** An act upon the subject in both voices, with the same rest. */
  both(active: string, passive: string, rest: Segment[]): Phrase {
    return {
      active: [text(`${active} ${this.subject}`), ...rest],
      passive: [text(`${this.subject} ${passive}`), ...rest],
    };
  }

  /** " for @kim.fit" where lines of many contacts stand together, nothing on the contact's own page. */
  about(): string {
    return this.inList ? ` for ${this.subject}` : "";
  }

  change(before: Segment, after: Segment): Segment[] {
    return [text(" from "), before, text(" to "), after];
  }

  stage(id: string | undefined): Segment {
    const stage = this.#names.stages.find((known) => known.id === id);
    return { kind: "stage", text: stage?.name ?? "a deleted stage", colour: stage?.colour };
  }

  status(status: LeadStatus): Segment {
    return { kind: "status", text: LEAD_STATUS_LABEL[status], status };
  }

  person(id: string): Segment {
    const member = this.#names.members.find((known) => known.id === id);
    return { kind: "person", text: member?.name ?? "a former member" };
  }

  /** Undefined for none. */
  tags(ids: readonly string[]): { word: string; verb: string; names: string } | undefined {
    if (ids.length === 0) return undefined;
    const names = ids.map((id) => this.#names.tags.find((tag) => tag.id === id)?.name ?? "a deleted tag");
    return ids.length === 1
      ? { word: "tag", verb: "was", names: names.join(", ") }
      : { word: "tags", verb: "were", names: names.join(", ") };
  }

  /** The day of a moment, where days are counted. */
  day(at: string): Segment {
    const timeZone = this.#names.timeZone ?? "UTC";
    const format = new Intl.DateTimeFormat("en-GB", {
      weekday: "short",
      day: "numeric",
      month: "short",
      timeZone,
    });
    return value(format.format(Date.parse(at)));
  }
}
