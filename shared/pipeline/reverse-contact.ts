import type { Contact } from "../contracts/contact.ts";
import type { EventState, PipelineEvent } from "../contracts/event.ts";
import { MAX_TAGS } from "../contracts/limits.ts";
import type { DecisionContext } from "./decision.ts";
import { stageExists } from "./decision-guards.ts";
import { Draft } from "./draft.ts";
import { remove, restore, stageToReturnTo } from "./removal.ts";
import { traceChanges, type Trace, type Traces } from "./trace-changes.ts";

/** What a contact may get back must still exist, and still be free. */
export type ReversalContext = Omit<DecisionContext, "rankFor"> & {
  isMember(userId: string): boolean;
  isTag(tagId: string): boolean;
  /** Handles and ManyChat ids belong to one contact each. */
  isTaken(field: "username" | "manychatId", value: string): boolean;
  /** The old rank when nobody stands there, else the next free one below it. */
  freeRank(stageId: string, rank: string, contact: Contact): string;
};

export type Reversal = {
  contact: Contact;
  events: PipelineEvent[];
  /** What stays, each with the reason, as a sentence without its end. */
  skipped: string[];
};

const FIELD_LABEL = {
  username: "handle",
  displayName: "display name",
  email: "e-mail",
  phone: "phone",
  manychatId: "ManyChat id",
  igId: "Instagram id",
  value: "deal value",
} as const satisfies Partial<Record<keyof Contact, string>>;

type FieldName = keyof typeof FIELD_LABEL;

/**
 * Takes changes of one contact back, field by field: whatever somebody has changed since stays, and is named. No
 * rule answers to it, because a rule would do anew what is being undone.
 */
class Reverser {
  readonly #draft: Draft;
  readonly #context: ReversalContext;
  readonly #traces: Traces;
  readonly skipped: string[] = [];

  constructor(contact: Contact, traces: Traces, context: ReversalContext) {
    this.#draft = new Draft(contact, { ...context, rankFor: () => contact.rank });
    this.#context = context;
    this.#traces = traces;
  }

  run(): Reversal {
    if (this.#isThere()) {
      this.#place();
      this.#status();
      this.#fields();
      this.#tags();
      this.#assignee();
      this.#followUp();
      this.#parked();
      if (this.#traces.history) this.skipped.push("messages, notes and the contact itself stay");
    }
    const { contact, events } = this.#draft;
    return { contact, events, skipped: this.skipped };
  }

  /** First of all: is the contact to be there afterwards, and are there fields to give back? */
  #isThere(): boolean {
    const { removed } = this.#draft.contact;
    const original = this.#own("removed")?.original;
    if (removed) {
      if (original === null) return this.#restore();
      this.#skip(`${removed.by.name} has removed it since`);
      return false;
    }
    const { created, touchedBy, hasMessages } = this.#traces;
    if (created && touchedBy) {
      this.#skip(`it stays: ${touchedBy.name} has changed it since it was added`);
      return false;
    }
    // A conversation happened: whom one has written with is not made undone.
    const goes = original != null || (created && !hasMessages);
    if (goes) remove(this.#draft, this.#context);
    return !goes;
  }

  /** Exactly where it stood, if that is still there. @returns false when it cannot come back */
  #restore(): boolean {
    const { contact } = this.#draft;
    for (const name of ["username", "manychatId"] as const) {
      if (!this.#isTaken(name, contact[name])) continue;
      this.#skip(`its ${FIELD_LABEL[name]} belongs to another contact now`);
      return false;
    }
    const stageId = stageToReturnTo(contact, this.#context);
    const { assigneeId } = contact;
    restore(this.#draft, {
      stageId,
      rank: this.#context.freeRank(stageId, contact.rank, contact),
      tagIds: contact.tagIds.filter((id) => this.#context.isTag(id)),
      assigneeId: assigneeId && this.#context.isMember(assigneeId) ? assigneeId : null,
    });
    return true;
  }

  /** The trace of a field that can be taken back; a newer change of it is named under `label`. */
  #own<Name extends keyof Contact>(name: Name, label?: string): Trace<Contact[Name]> | undefined {
    const trace = this.#traces.fields.get(name) as Trace<Contact[Name]> | undefined;
    if (!trace || trace.original === undefined) return undefined;
    if (!trace.since) return trace;
    const isThere = isSame(this.#draft.contact[name], trace.original);
    if (label && !isThere) this.skipped.push(`${trace.since.name} has changed the ${label} since`);
    return undefined;
  }

  #place(): void {
    const { contact } = this.#draft;
    // Where it stood in its old stage, whatever has been done to its place in the new one.
    const oldRank = this.#traces.fields.get("rank")?.original as string | undefined;
    const stageId = this.#own("stageId", "stage")?.original;
    if (stageId !== undefined && stageId !== contact.stageId) {
      if (!stageExists(this.#context, stageId)) return this.#skip("its old stage does not exist any more");
      const back = this.#context.freeRank(stageId, oldRank ?? contact.rank, contact);
      const entered = this.#own("stageEnteredAt")?.original ?? this.#context.now;
      const before = { ...this.#draft.bucket(), rank: contact.rank, stageEnteredAt: contact.stageEnteredAt };
      this.#draft.add("contact.stage_changed", before, { stageId, rank: back, stageEnteredAt: entered });
      return;
    }
    const rank = this.#own("rank")?.original;
    // Its old place in the same stage; a stage that somebody else has chosen since has no such place.
    const moved = this.#traces.fields.get("stageId")?.since !== undefined;
    if (rank === undefined || rank === contact.rank || moved) return;
    const back = this.#context.freeRank(contact.stageId, rank, contact);
    this.#draft.add("contact.reordered", { rank: contact.rank }, { rank: back });
  }

  /** The reason belongs to the status: both or neither. */
  #status(): void {
    const { contact } = this.#draft;
    const reasonSince = this.#traces.fields.get("lostReason")?.since;
    const status = this.#own("leadStatus", "lead status")?.original;
    if (status !== undefined && reasonSince) {
      return this.#skip(`${reasonSince.name} has changed the lost reason since`);
    }
    const reason = this.#own("lostReason", "lost reason");
    const lostReason = reason?.original === undefined ? contact.lostReason : reason.original;
    if (status === undefined || status === contact.leadStatus) {
      if (lostReason === contact.lostReason || contact.leadStatus !== "lost") return;
      const before = { lostReason: contact.lostReason };
      this.#draft.add("contact.fields_changed", before, { lostReason });
      return;
    }
    const before: EventState = { ...this.#draft.bucket(), statusChangedAt: contact.statusChangedAt };
    const statusChangedAt = this.#own("statusChangedAt")?.original ?? this.#context.now;
    const after: EventState = { leadStatus: status, statusChangedAt };
    if (lostReason !== contact.lostReason) {
      before.lostReason = contact.lostReason;
      after.lostReason = lostReason;
    }
    const step = this.#own("followUpStep")?.original;
    if (step !== undefined && step !== contact.followUpStep) {
      before.followUpStep = contact.followUpStep;
      after.followUpStep = step;
    }
    if (status !== "open" && contact.parked) {
      const parkedSince = this.#traces.fields.get("parked")?.since;
      if (parkedSince) return this.#skip(`${parkedSince.name} has parked it since`);
      before.parked = contact.parked;
      after.parked = null;
    }
    this.#draft.add("contact.status_changed", before, after);
  }

  #fields(): void {
    const { contact } = this.#draft;
    const before: EventState = {};
    const after: EventState = {};
    for (const name of Object.keys(FIELD_LABEL) as FieldName[]) {
      const original = this.#own(name, FIELD_LABEL[name])?.original;
      if (original === undefined || original === contact[name]) continue;
      if (this.#isTaken(name, original)) {
        this.#skip(`the old ${FIELD_LABEL[name]} belongs to another contact now`);
        continue;
      }
      Object.assign(before, { [name]: contact[name] });
      Object.assign(after, { [name]: original });
    }
    if ("value" in after) Object.assign(before, this.#draft.bucket());
    if (Object.keys(after).length > 0) this.#draft.add("contact.fields_changed", before, after);
  }

  #isTaken(name: FieldName, value: unknown): boolean {
    if (name !== "username" && name !== "manychatId") return false;
    return typeof value === "string" && this.#context.isTaken(name, value);
  }

  #tags(): void {
    const { tagIds: current } = this.#draft.contact;
    const wanted = new Set(current);
    for (const [id, { original, since }] of this.#traces.tags) {
      if (since && wanted.has(id) !== original) this.#skip(`${since.name} has changed a tag since`);
      else if (since || original === undefined) continue;
      else if (!original) wanted.delete(id);
      else if (this.#context.isTag(id)) wanted.add(id);
      else this.#skip("a tag that it had was deleted");
    }
    const inOrder = this.#traces.tagIds?.filter((id) => wanted.has(id)) ?? [];
    const tagIds = [...new Set([...inOrder, ...wanted])];
    if (isSame(tagIds, current)) return;
    if (tagIds.length > MAX_TAGS) return this.#skip(`a contact has at most ${MAX_TAGS} tags`);
    this.#draft.add("contact.tags_changed", { tagIds: current }, { tagIds });
  }

  #assignee(): void {
    const { assigneeId: current } = this.#draft.contact;
    const original = this.#own("assigneeId", "assignee")?.original;
    if (original === undefined || original === current) return;
    if (original !== null && !this.#context.isMember(original)) {
      return this.#skip("whom it was assigned to is no member any more");
    }
    this.#draft.add("contact.assigned", { assigneeId: current }, { assigneeId: original });
  }

  #followUp(): void {
    const { followUp: current } = this.#draft.contact;
    const original = this.#own("followUp", "follow-up")?.original;
    if (original === undefined || isSame(original, current)) return;
    this.#draft.add("contact.follow_up_set", { followUp: current }, { followUp: original });
  }

  /** Only an Open contact is parked. */
  #parked(): void {
    const { parked: current, leadStatus } = this.#draft.contact;
    const original = this.#own("parked", "parking")?.original;
    if (original === undefined || isSame(original, current) || (original && leadStatus !== "open")) return;
    this.#draft.add(original ? "contact.parked" : "contact.woke", { parked: current }, { parked: original });
  }

  #skip(why: string): void {
    if (!this.skipped.includes(why)) this.skipped.push(why);
  }
}

/** Values of contacts are plain JSON with their keys in one order. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The reversal of those events of a contact that `isTarget` names. `history` is everything that happened to the
 * contact from the first of them until now, in order.
 */
export function reverseContact(
  contact: Contact,
  history: readonly PipelineEvent[],
  isTarget: (event: PipelineEvent) => boolean,
  context: ReversalContext,
): Reversal {
  return new Reverser(contact, traceChanges(history, isTarget), context).run();
}
