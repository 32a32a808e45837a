import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact, bucketsOf } from "@dmtracker/shared/pipeline/apply-event.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import { reverseContact, type ReversalContext } from "@dmtracker/shared/pipeline/reverse-contact.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aContact, aContext, ana, anId, aRule, someStages } from "../support/factories.ts";

const stages = someStages();
const stageIds = stages.map(({ id }) => id);
const [, , interested = "", booked = "", closed = "", lost = ""] = stageIds;
const marcus: Actor = { type: "user", id: anId(), name: "Marcus" };
const people = [anId(), anId()];

/** A contact with its history, as a server keeps it. */
class Story {
  contact: Contact;
  readonly log: PipelineEvent[] = [];
  readonly rules: Rule[];
  #batches = 0;

  constructor(contact: Contact, rules: Rule[] = []) {
    this.contact = contact;
    this.rules = rules;
  }

  get head(): number {
    return this.log.at(-1)?.seq ?? this.contact.seq;
  }

  /** Returns the batch id of the change. */
  change(actor: Actor, wish: ContactChange): string {
    const batchId = `batch-${++this.#batches}`;
    const now = new Date(Date.UTC(2026, 2, 2, 9, this.#batches)).toISOString();
    const context = { ...aContext(stages, this.rules, this.head), actor, batchId, now };
    const decision = decide(this.contact, wish, context);
    if (decision.ok) {
      this.log.push(...decision.events);
      this.contact = decision.contact;
    }
    return batchId;
  }

  reversal(isTarget: (event: PipelineEvent) => boolean, parts: Partial<ReversalContext> = {}) {
    const first = this.log.findIndex(isTarget);
    const history = first < 0 ? [] : this.log.slice(first);
    return reverseContact(this.contact, history, isTarget, {
      ...aContext(stages, this.rules, this.head),
      now: "2026-03-03T09:00:00.000Z",
      batchId: "undo",
      undoes: { batchId: "batch", actor: ana, by: "undo" },
      isMember: () => true,
      isTag: () => true,
      isTaken: () => false,
      freeRank: (_stageId, rank) => rank,
      ...parts,
    });
  }

  undo(batchId: string, parts: Partial<ReversalContext> = {}) {
    return this.reversal((event) => event.batchId === batchId, parts);
  }
}

/** Everything but what every saved change moves. */
function work(contact: Contact): Partial<Contact> {
  const { version: _version, seq: _seq, lastActivityAt: _lastActivityAt, ...rest } = contact;
  return rest;
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** What one's hand can do to a contact and take back. */
const wish: fc.Arbitrary<ContactChange> = fc.record({
  stageId: optional(fc.constantFrom(...stageIds)),
  before: optional(fc.constantFrom(null, anId())),
  status: optional(fc.constantFrom(...LeadStatus.options)),
  value: optional(fc.constantFrom(null, 0, 100)),
  email: optional(fc.constantFrom(null, "kim@example.com", "k@example.com")),
  username: optional(fc.constantFrom("kim.fit", "kim.fit.2")),
  assigneeId: optional(fc.constantFrom(null, ...people)),
  tags: optional(fc.record({ add: fc.subarray(["a", "b", "c"]), remove: fc.subarray(["a", "b", "c"]) })),
  parked: optional(
    fc.constantFrom(
      null,
      { until: "2026-03-20T00:00:00Z", reason: null },
      { until: "2026-03-30T00:00:00Z", reason: "Holiday" },
    ),
  ),
  followUp: optional(
    fc.oneof(
      fc.constant(null),
      fc.constant({ act: "complete" as const }),
      fc.record({
        act: fc.constant("schedule" as const),
        dueAt: fc.constantFrom("2026-03-05T09:00:00Z", "2026-03-09T09:00:00Z"),
        note: optional(fc.constantFrom(null, "Call")),
      }),
    ),
  ),
});
const withReason = wish.chain((change) =>
  change.status === "lost"
    ? fc.constantFrom<ContactChange>(change, { ...change, lostReason: "Price" })
    : fc.constant(change),
);
const reasonAlone: fc.Arbitrary<ContactChange> = fc.constantFrom(
  { lostReason: "Timing" },
  { lostReason: null },
);
const anyWish = fc.oneof({ weight: 6, arbitrary: withReason }, { weight: 1, arbitrary: reasonAlone });
const rules = fc.subarray([
  aRule("stage_to_status", closed, "won"),
  aRule("stage_to_status", lost, "lost"),
  aRule("status_to_stage", closed, "won"),
  aRule("status_to_stage", lost, "abandoned"),
]);
const start = fc
  .record({
    stageId: fc.constantFrom(...stageIds),
    leadStatus: fc.constantFrom(...LeadStatus.options),
    value: fc.constantFrom(null, 50),
    tagIds: fc.subarray(["a", "b", "c"]),
    followUpStep: fc.nat(4),
    assigneeId: fc.constantFrom(null, ...people),
    followUp: fc.constantFrom(null, { dueAt: "2026-03-04T09:00:00.000Z", note: null, step: 1 }),
  })
  .map((fields) => aContact({ ...fields, lostReason: fields.leadStatus === "lost" ? "Price" : null }));

test("[UN1] an undo gives back exactly what was there, when nobody has changed it since", () => {
  fc.assert(
    fc.property(start, rules, fc.array(anyWish, { maxLength: 4 }), anyWish, (contact, on, earlier, last) => {
      const story = new Story(contact, on);
      for (const change of earlier) story.change(marcus, change);
      const before = story.contact;
      const batchId = story.change(ana, last);
      const { contact: after, events, skipped } = story.undo(batchId);
      expect(work(after)).toEqual(work(before));
      expect(skipped).toEqual([]);
      expect(events.reduce<Contact | undefined>(applyToContact, story.contact)).toEqual(after);
    }),
    { numRuns: 2_000 },
  );
});

test("[UN2] an undo never overwrites what somebody has changed since, and names them", () => {
  const FIELDS = ["stageId", "leadStatus", "lostReason", "value", "email", "username", "assigneeId"] as const;
  fc.assert(
    fc.property(
      start,
      rules,
      anyWish,
      fc.array(anyWish, { minLength: 1, maxLength: 4 }),
      (contact, on, first, later) => {
        const story = new Story(contact, on);
        const batchId = story.change(ana, first);
        const undone = story.log.length;
        for (const change of later) story.change(marcus, change);
        const newer = new Set(story.log.slice(undone).flatMap(({ after }) => Object.keys(after)));
        const current = story.contact;
        const { contact: after, events, skipped } = story.undo(batchId);
        for (const field of [...FIELDS, "followUp", "followUpStep", "parked"] as const) {
          if (newer.has(field)) expect(after[field]).toEqual(current[field]);
        }
        for (const line of skipped) expect(line).toContain("Marcus");
        // Whatever can be taken back is consistent: a reason goes only with Lost, totals can follow every event.
        if (after.leadStatus !== "open") expect(after.parked).toBeNull();
        if (after.leadStatus !== "lost") expect(after.lostReason).toBeNull();
        for (const event of events) {
          const moves = event.after.stageId ?? event.after.leadStatus ?? event.after.value;
          if (moves !== undefined) expect(bucketsOf(event)).toBeDefined();
        }
        expect(events.reduce<Contact | undefined>(applyToContact, current)).toEqual(after);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("[UN2] tags come back one by one: a tag that somebody else added or removed since stays as they left it", () => {
  const tags = fc.record({ add: fc.subarray(["a", "b", "c"]), remove: fc.subarray(["a", "b", "c"]) });
  fc.assert(
    fc.property(
      fc.subarray(["a", "b", "c"]),
      tags,
      fc.array(tags, { maxLength: 3 }),
      (tagIds, mine, theirs) => {
        const story = new Story(aContact({ stageId: interested, tagIds }));
        const batchId = story.change(ana, { tags: mine });
        const steps = story.log.length;
        for (const change of theirs) story.change(marcus, { tags: change });
        const touched = new Set(
          story.log
            .slice(steps)
            .flatMap(({ before: { tagIds: old = [] }, after: { tagIds: next = [] } }) => [
              ...old.filter((id) => !next.includes(id)),
              ...next.filter((id) => !old.includes(id)),
            ]),
        );
        const after = story.undo(batchId).contact.tagIds;
        for (const id of ["a", "b", "c"]) {
          const wanted = touched.has(id) ? story.contact.tagIds.includes(id) : tagIds.includes(id);
          expect(after.includes(id)).toBe(wanted);
        }
      },
    ),
  );
});

test("[UN3] an undo fires no rule and takes back what a rule had added", () => {
  const story = new Story(aContact({ stageId: booked }), [
    aRule("stage_to_status", closed, "won"),
    aRule("stage_to_status", booked, "lost"),
  ]);
  const batchId = story.change(ana, { stageId: closed });
  expect(story.contact).toMatchObject({ stageId: closed, leadStatus: "won" });
  const { contact, events } = story.undo(batchId);
  expect(contact).toMatchObject({ stageId: booked, leadStatus: "open" });
  expect(events.map(({ type, actor, undoes }) => [type, actor.type, undoes?.by])).toEqual([
    ["contact.stage_changed", "user", "undo"],
    ["contact.status_changed", "user", "undo"],
  ]);
});

test("[UN4] what is gone or taken cannot come back, and is said", () => {
  const gone = anId();
  const contact = aContact({ stageId: gone, tagIds: ["t"], assigneeId: people[0] ?? null, username: "kim" });
  const story = new Story(contact);
  const batchId = story.change(ana, {
    stageId: booked,
    tags: { remove: ["t"] },
    assigneeId: null,
    username: "kim.fit",
  });
  const { contact: after, skipped } = story.undo(batchId, {
    isMember: () => false,
    isTag: () => false,
    isTaken: (field, value) => field === "username" && value === "kim",
  });
  expect(work(after)).toEqual(work(story.contact));
  expect(skipped).toEqual([
    "its old stage does not exist any more",
    "the old handle belongs to another contact now",
    "a tag that it had was deleted",
    "whom it was assigned to is no member any more",
  ]);
});

test("[UN4] messages, notes and what followed from them stay", () => {
  const story = new Story(aContact({ stageId: interested }));
  const message = { direction: "in" as const, text: "Hi", at: "2026-03-02T09:00:00Z" };
  const batchId = story.change(ana, { message, note: "Wrote", status: "lost" });
  const { contact, skipped } = story.undo(batchId);
  expect(contact).toMatchObject({ leadStatus: "open", lastMessage: message });
  expect(contact.followUp).toEqual(story.contact.followUp);
  expect(skipped).toEqual(["messages, notes and the contact itself stay"]);
});

test("[RV2] of several changes by one cause only those after somebody else's are taken back", () => {
  const rule = aRule("status_to_stage", lost, "abandoned");
  const story = new Story(aContact({ stageId: interested }), [rule]);
  story.change(ana, { status: "abandoned" });
  story.change(marcus, { stageId: booked, status: "open" });
  story.change(ana, { status: "abandoned" });
  expect(story.contact.stageId).toBe(lost);
  const byRule = (event: PipelineEvent) => event.actor.id === rule.id;
  const { contact } = story.reversal(byRule);
  // The rule's last move goes; the status is Ana's own work.
  expect(contact).toMatchObject({ stageId: booked, leadStatus: "abandoned" });
});
