import { describe, expect, test } from "vitest";
import type { PipelineEvent } from "../../shared/contracts/event.ts";
import type { Actor } from "../../shared/contracts/people.ts";
import { describeEvent, plainText } from "@dmtracker/shared/pipeline/describe-event.ts";
import type { Names } from "@dmtracker/shared/pipeline/sentence.ts";

const names: Names = {
  stages: [
    { id: "s1", name: "Interested", colour: "#3b82f6" },
    { id: "s2", name: "Meeting Booked", colour: "#8b5cf6" },
  ],
  members: [
    { id: "u1", name: "Ana", email: "ana@team.test", role: "owner" },
    { id: "u2", name: "Ben", email: "ben@team.test", role: "member" },
  ],
  tags: [
    { id: "t1", name: "warm", colour: "#f59e0b" },
    { id: "t2", name: "vip", colour: "#ef4444" },
  ],
};

const ana: Actor = { type: "user", id: "u1", name: "Ana" };
const api: Actor = { type: "api", id: "k1", name: "ManyChat" };
const rule: Actor = { type: "automation", id: "r1", name: "Closed sets Won" };
const system: Actor = { type: "system", id: null, name: "System" };

const dueOn = (day: string, fields: object = {}) => ({
  followUp: { dueAt: `${day}T09:00:00.000Z`, note: null, step: null, ...fields },
});

function anEvent(fields: Partial<PipelineEvent>): PipelineEvent {
  return {
    pipelineId: "p1",
    seq: 7,
    type: "contact.stage_changed",
    contactId: "c1",
    username: "kim.fit",
    before: {},
    after: {},
    actor: ana,
    cause: null,
    batchId: "b1",
    at: "2026-11-22T09:30:00.000Z",
    ...fields,
  };
}

const sentence = (fields: Partial<PipelineEvent>, subject?: string) =>
  plainText(describeEvent(anEvent(fields), names, subject));

const moved = { type: "contact.stage_changed", before: { stageId: "s1" }, after: { stageId: "s2" } } as const;
const won = {
  type: "contact.status_changed",
  before: { leadStatus: "open", stageId: "s2", value: null },
  after: { leadStatus: "won" },
} as const;

describe("one event, one sentence", () => {
  test("a move names both stages, and the contact where many stand together", () => {
    expect(sentence(moved)).toBe("Ana moved this contact from Interested to Meeting Booked");
    expect(sentence(moved, "@kim.fit")).toBe("Ana moved @kim.fit from Interested to Meeting Booked");
  });

  test("[UN6] an undo and a reversal say what they take back, and whose it was", () => {
    const marcus: Actor = { type: "user", id: "u2", name: "Marcus" };
    const rule: Actor = { type: "automation", id: "r1", name: "Closed sets Won" };
    expect(sentence({ ...moved, undoes: { batchId: "b0", actor: ana, by: "undo" } })).toBe(
      "Ana undid a change: moved this contact from Interested to Meeting Booked",
    );
    expect(sentence({ ...moved, undoes: { batchId: null, actor: marcus, by: "reversal" } })).toBe(
      "Ana reversed what Marcus did: moved this contact from Interested to Meeting Booked",
    );
    expect(sentence({ ...moved, undoes: { batchId: null, actor: rule, by: "reversal" } })).toBe(
      "Ana reversed what automation Closed sets Won did: moved this contact from Interested to Meeting Booked",
    );
  });

  test("a stage that is gone is said to be gone", () => {
    expect(sentence({ ...moved, before: { stageId: "s9" } })).toBe(
      "Ana moved this contact from a deleted stage to Meeting Booked",
    );
  });

  test("a status names both statuses, the value and the reason that went with it", () => {
    expect(sentence(won)).toBe("Ana changed the lead status from Open to Won");
    expect(sentence({ ...won, after: { leadStatus: "won", value: 1500 } })).toBe(
      "Ana changed the lead status from Open to Won at 1,500",
    );
    expect(sentence({ ...won, after: { leadStatus: "lost", lostReason: "Too expensive" } }, "@kim.fit")).toBe(
      "Ana changed @kim.fit from Open to Lost, reason: Too expensive",
    );
  });

  test("what the API did says so and names nobody", () => {
    expect(sentence({ ...won, actor: api })).toBe("The lead status changed from Open to Won via API");
    expect(sentence({ ...moved, actor: api }, "@kim.fit")).toBe(
      "@kim.fit moved from Interested to Meeting Booked via API",
    );
  });

  test("what a rule did names the rule and the change that caused it", () => {
    const cause = { seq: 6, type: "contact.stage_changed", actor: ana } as const;
    expect(sentence({ ...won, actor: rule, cause })).toBe(
      "The lead status changed from Open to Won via automation: Closed sets Won, because Ana changed the stage",
    );
    expect(sentence({ ...won, actor: rule, cause: { ...cause, actor: api } })).toBe(
      "The lead status changed from Open to Won via automation: Closed sets Won, because the stage changed via API",
    );
  });

  test("the system acts in the passive voice without a way", () => {
    expect(sentence({ ...moved, actor: system })).toBe(
      "This contact moved from Interested to Meeting Booked",
    );
  });

  test("the deletion of a large stage is told when it begins and when the stages have changed", () => {
    const stages = { type: "pipeline.stages_changed", contactId: null, username: null } as const;
    expect(sentence(stages)).toBe("Ana began to delete a stage");
    expect(sentence({ ...stages, after: { stages: [] } })).toBe("Ana changed the stages");
  });

  test("a new contact names its stage", () => {
    expect(sentence({ type: "contact.created", after: { stageId: "s1" } })).toBe(
      "Ana added this contact to Interested",
    );
    expect(sentence({ type: "contact.created", after: { stageId: "s1" }, actor: api }, "@kim.fit")).toBe(
      "@kim.fit was added to Interested via API",
    );
  });
});

describe("fields", () => {
  const fields = (before: PipelineEvent["before"], after: PipelineEvent["after"], actor = ana) =>
    sentence({ type: "contact.fields_changed", before, after, actor });

  test("set, changed and removed read differently", () => {
    expect(fields({ email: null }, { email: "kim@fit.test" })).toBe("Ana set the e-mail to kim@fit.test");
    expect(fields({ email: "a@b.test" }, { email: "c@d.test" })).toBe(
      "Ana changed the e-mail from a@b.test to c@d.test",
    );
    expect(fields({ phone: "+49 30 1" }, { phone: null })).toBe("Ana removed the phone +49 30 1");
  });

  test("several fields share one sentence, and what only places the event is not told", () => {
    const before = { displayName: "Kim", value: null, stageId: "s1", leadStatus: "open" } as const;
    expect(fields(before, { displayName: "Kim F.", value: 1250.5, version: 4 })).toBe(
      "Ana changed the display name from Kim to Kim F., set the deal value to 1,250.50",
    );
  });

  test("in the passive voice", () => {
    expect(fields({ email: null }, { email: "kim@fit.test" }, api)).toBe(
      "The e-mail was set to kim@fit.test via API",
    );
  });
});

describe("tags, people, messages, notes", () => {
  test("tags that came and went", () => {
    const tags = (before: string[], after: string[]) =>
      sentence({ type: "contact.tags_changed", before: { tagIds: before }, after: { tagIds: after } });
    expect(tags([], ["t1"])).toBe("Ana added the tag warm");
    expect(tags(["t1"], ["t2"])).toBe("Ana added the tag vip and removed the tag warm");
    expect(tags(["t1", "t2"], [])).toBe("Ana removed the tags warm, vip");
  });

  test("who has it now and who had it before", () => {
    const assigned = (before: string | null, after: string | null, actor = ana) =>
      sentence({
        type: "contact.assigned",
        before: { assigneeId: before },
        after: { assigneeId: after },
        actor,
      });
    expect(assigned(null, "u2")).toBe("Ana assigned this contact to Ben");
    expect(assigned("u2", "u1")).toBe("Ana took this contact over from Ben");
    expect(assigned(null, "u1")).toBe("Ana took this contact");
    expect(assigned("u1", "u2", api)).toBe("This contact was reassigned from Ana to Ben via API");
    expect(assigned("u2", null)).toBe("Ana unassigned this contact from Ben");
    expect(assigned("u9", null)).toBe("Ana unassigned this contact from a former member");
  });

  test("a message carries its text and the conversation status that it led to", () => {
    const event = anEvent({
      type: "contact.message_logged",
      before: { lastMessage: null, conversationStatus: "no_reply" },
      after: {
        lastMessage: { direction: "in", text: "Tell me more", at: "2026-11-22T09:30:00.000Z" },
        conversationStatus: "replied",
      },
    });
    const line = describeEvent(event, names);
    expect(plainText(line)).toBe(
      "Ana logged an incoming message, conversation status from No Reply to Replied",
    );
    expect(line.body).toBe("Tell me more");
    expect(plainText(describeEvent({ ...event, actor: api }, names, "@kim.fit"))).toBe(
      "An incoming message was logged for @kim.fit via API, conversation status from No Reply to Replied",
    );
  });

  test("a note carries its text", () => {
    const line = describeEvent(
      anEvent({ type: "contact.note_added", after: { note: "Call on Friday" } }),
      names,
    );
    expect(plainText(line)).toBe("Ana wrote a note");
    expect(line.body).toBe("Call on Friday");
  });
});

describe("follow-ups", () => {
  const say = (fields: Partial<PipelineEvent>, subject?: string) =>
    plainText(describeEvent(anEvent({ type: "contact.follow_up_set", ...fields }), names, subject));
  const cause = { seq: 6, type: "contact.message_logged" as const, actor: ana };

  test("[FU7] what a person did, with day and note, before and after", () => {
    const none = { followUp: null };
    const planned = dueOn("2026-11-24", { note: "Call her" });
    expect(say({ before: none, after: planned })).toBe("Ana scheduled a follow-up for Tue 24 Nov: Call her");
    expect(say({ before: planned, after: dueOn("2026-11-30", { note: "Call her" }) }, "@kim.fit")).toBe(
      "Ana moved the follow-up for @kim.fit from Tue 24 Nov to Mon 30 Nov",
    );
    expect(say({ before: planned, after: none })).toBe("Ana removed the follow-up");
    expect(say({ type: "contact.follow_up_done", before: planned, after: none })).toBe(
      "Ana completed the follow-up",
    );
    expect(say({ before: none, after: planned, actor: api })).toBe(
      "A follow-up was scheduled for Tue 24 Nov: Call her via API",
    );
  });

  test("[FU1] [FU2] [FU5] what followed from a message or an outcome names nobody twice", () => {
    expect(say({ cause, after: dueOn("2026-11-24", { step: 2 }) })).toBe(
      "Next follow-up on Tue 24 Nov, step 2 of the cadence",
    );
    expect(say({ cause, after: dueOn("2026-11-24", { step: 0 }) })).toBe("Follow-up is due now");
    expect(say({ cause, after: { followUp: null } })).toBe("Follow-up ended");
  });

  test("[FU6] days are those of the organization", () => {
    const event = anEvent({
      type: "contact.follow_up_set",
      before: { followUp: null },
      after: { followUp: { dueAt: "2026-11-23T19:00:00.000Z", note: null, step: null } },
    });
    const there = { ...names, timeZone: "Pacific/Kiritimati" };
    expect(plainText(describeEvent(event, there))).toBe("Ana scheduled a follow-up for Tue 24 Nov");
  });
});
