import { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import { decideNew } from "@dmtracker/shared/pipeline/decide-new.ts";
import type { Decision } from "@dmtracker/shared/pipeline/decision.ts";
import { conversationStatusAfter } from "@dmtracker/shared/pipeline/draft.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aContact, aContext, anId, aRule, someStages } from "../support/factories.ts";

const stages = someStages();
const [outreach, conversation, , , closed, lost] = stages.map(({ id }) => id) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const exampleRules = (): Rule[] => [
  aRule("stage_to_status", closed, "won"),
  aRule("stage_to_status", lost, "lost"),
  aRule("status_to_stage", "" + closed, "won"),
  aRule("status_to_stage", lost, "lost"),
  aRule("status_to_stage", lost, "abandoned"),
];

function decided(result: ReturnType<typeof decide>): Decision {
  if (!result.ok) throw new Error(`refused: ${result.message}`);
  return result;
}

describe("lead status", () => {
  test("[LS1] a new contact is Open and enters the first stage", () => {
    const { contact, events } = decided(
      decideNew({ id: anId(), username: "kim.fit", source: "api" }, aContext(stages)),
    );
    expect(contact).toMatchObject({ leadStatus: "open", stageId: outreach, version: 1, seq: 11 });
    expect(events.map(({ type }) => type)).toEqual(["contact.created"]);
  });

  test("[LS2] setting what is already there is no change", () => {
    const contact = aContact({
      stageId: closed,
      leadStatus: "won",
      value: 50,
      assigneeId: null,
      tagIds: ["t"],
    });
    const rules = exampleRules();
    const wish: ContactChange = {
      stageId: closed,
      status: "won",
      value: 50,
      assigneeId: null,
      tags: { add: ["t"] },
    };
    const result = decided(decide(contact, wish, aContext(stages, rules)));
    expect(result).toMatchObject({ events: [], changed: [], automations: [], contact });
  });

  test("[LS3] a lost reason is refused with any other status, and cleared on reopening", () => {
    const open = aContact({ stageId: outreach });
    expect(decide(open, { lostReason: "Price" }, aContext(stages))).toMatchObject({
      ok: false,
      path: "lostReason",
    });
    const gone = decided(decide(open, { status: "lost", lostReason: "Price" }, aContext(stages)));
    expect(gone.contact.lostReason).toBe("Price");
    expect(gone.events).toHaveLength(1);
    expect(gone.changed).toEqual(["status", "lostReason"]);
    const back = decided(decide(gone.contact, { status: "open" }, aContext(stages, [], 11)));
    expect(back.contact).toMatchObject({ leadStatus: "open", lostReason: null });
  });

  test("[LS3] the reason given with a drag goes into the outcome that a rule sets", () => {
    const rules = exampleRules();
    const result = decided(
      decide(
        aContact({ stageId: outreach }),
        { stageId: lost, lostReason: "Timing" },
        aContext(stages, rules),
      ),
    );
    expect(result.contact).toMatchObject({ leadStatus: "lost", lostReason: "Timing", stageId: lost });
    expect(result.events).toHaveLength(2);
  });

  test("[LS4] rivals 19: a stage called Won or Lost decides nothing by its name", () => {
    const named = someStages(["Start", "won", "Lost"]);
    const contact = aContact({ stageId: named[0]?.id ?? "" });
    for (const stage of named.slice(1)) {
      const result = decided(decide(contact, { stageId: stage.id }, aContext(named)));
      expect(result.contact.leadStatus).toBe("open");
    }
  });
});

describe("conversation status", () => {
  test("[CS1] only messages move it", () => {
    expect(conversationStatusAfter({ conversationStatus: null }, "out")).toBe("no_reply");
    expect(conversationStatusAfter({ conversationStatus: null }, "in")).toBe("new_message");
    expect(conversationStatusAfter({ conversationStatus: "no_reply" }, "in")).toBe("replied");
    expect(conversationStatusAfter({ conversationStatus: "replied" }, "in")).toBe("replied");
    expect(conversationStatusAfter({ conversationStatus: "new_message" }, "in")).toBe("new_message");
  });
});

test("[CS2] a message told late is history: it does not replace what came after it", () => {
  const lastMessage = { direction: "in" as const, text: "Today", at: "2026-03-01T10:00:00.000Z" };
  const contact = aContact({ stageId: outreach, lastMessage, conversationStatus: "replied" });
  const message = { direction: "out" as const, text: "Long ago", at: "2001-01-01T00:00:00Z" };
  const late = decided(decide(contact, { message }, aContext(stages)));
  expect(late.contact).toMatchObject({ lastMessage, conversationStatus: "replied" });
  expect(late.events.map(({ type, after }) => [type, after.message?.text])).toEqual([
    ["contact.message_logged", "Long ago"],
  ]);
});

describe("automation rules", () => {
  test("[AU6] the effect comes right behind its cause and names rule and cause", () => {
    const rules = exampleRules();
    const { events, automations, changed } = decided(
      decide(aContact({ stageId: outreach }), { stageId: closed }, aContext(stages, rules)),
    );
    expect(events.map(({ type, seq }) => [type, seq])).toEqual([
      ["contact.stage_changed", 11],
      ["contact.status_changed", 12],
    ]);
    expect(events[1]?.actor).toMatchObject({ type: "automation", id: rules[0]?.id, name: "Closed sets Won" });
    expect(events[1]?.cause).toMatchObject({
      seq: 11,
      type: "contact.stage_changed",
      actor: { name: "Ana" },
    });
    expect(new Set(events.map(({ batchId, after }) => `${batchId} ${after.version}`)).size).toBe(1);
    expect(automations).toHaveLength(1);
    expect(changed).toEqual(["stage", "status"]);
  });

  test("[AU4] with every example rule on, Abandoned stays Abandoned in the stage Lost", () => {
    const { contact } = decided(
      decide(aContact({ stageId: conversation }), { status: "abandoned" }, aContext(stages, exampleRules())),
    );
    expect(contact).toMatchObject({ leadStatus: "abandoned", stageId: lost });
  });

  test("[AU3] a field named in the call is never overwritten", () => {
    const { contact, automations } = decided(
      decide(
        aContact({ stageId: outreach }),
        { stageId: closed, status: "abandoned" },
        aContext(stages, exampleRules()),
      ),
    );
    expect(contact).toMatchObject({ leadStatus: "abandoned", stageId: closed });
    expect(automations).toEqual([]);
  });

  test("[AU7] creation fires rules of the entered stage, and rules on Open only when Open is named", () => {
    const rules = [aRule("stage_to_status", outreach, "abandoned"), aRule("status_to_stage", closed, "open")];
    const plain = decided(decideNew({ id: anId(), username: "a", source: "api" }, aContext(stages, rules)));
    expect(plain.contact).toMatchObject({ stageId: outreach, leadStatus: "abandoned" });
    expect(plain.events.map(({ type }) => type)).toEqual(["contact.created", "contact.status_changed"]);
    const won = decided(
      decideNew(
        { id: anId(), username: "b", source: "api", status: "won" },
        aContext(stages, exampleRules()),
      ),
    );
    expect(won.contact).toMatchObject({ stageId: closed, leadStatus: "won" });
  });

  test("[AU2] a rule whose stage is gone does nothing", () => {
    const rules = [aRule("status_to_stage", anId(), "won")];
    const { contact } = decided(
      decide(aContact({ stageId: outreach }), { status: "won" }, aContext(stages, rules)),
    );
    expect(contact.stageId).toBe(outreach);
  });

  test("[API4] an unknown stage is refused with the names of the valid ones", () => {
    const result = decide(aContact({ stageId: outreach }), { stageId: anId() }, aContext(stages));
    expect(result).toMatchObject({
      ok: false,
      code: "unknown_stage",
      message: expect.stringContaining("Meeting Booked") as string,
    });
  });
});

describe("for every input", () => {
  const stageId = fc.constantFrom(...stages.map(({ id }) => id), anId());
  const status = fc.constantFrom(...LeadStatus.options);
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const rule = fc.record({
    id: fc.constantFrom(anId(), anId(), anId()),
    type: fc.constantFrom("stage_to_status" as const, "status_to_stage" as const),
    stageId,
    status,
    enabled: fc.boolean(),
  });
  const change = fc.record({
    stageId: optional(stageId),
    status: optional(status),
    before: optional(fc.constantFrom(null, anId())),
    after: optional(fc.constantFrom(null, anId())),
    lostReason: optional(fc.constantFrom(null, "Price")),
    value: optional(fc.constantFrom(null, 0, 100)),
    displayName: optional(fc.constantFrom(null, "Kim", "__proto__")),
    assigneeId: optional(fc.constantFrom(null, anId())),
    tags: optional(fc.record({ add: fc.subarray(["a", "b"]), remove: fc.subarray(["a", "b"]) })),
    message: optional(
      fc.record({
        direction: fc.constantFrom("in" as const, "out" as const),
        text: fc.string(),
        at: fc.constant("2026-03-01T00:00:00Z"),
      }),
    ),
    note: optional(fc.string()),
    followUp: optional(
      fc.oneof(
        fc.constant(null),
        fc.constant({ act: "complete" as const }),
        fc.record({ act: fc.constant("snooze" as const), until: fc.constantFrom("2026-03-04T09:00:00Z") }),
        fc.record({
          act: fc.constant("schedule" as const),
          dueAt: fc.constantFrom("2026-03-01T09:00:00Z", "2026-03-09T09:00:00+05:45"),
          note: optional(fc.constantFrom(null, "Call")),
        }),
      ),
    ),
  });
  const contact = fc
    .record({
      stageId,
      leadStatus: status,
      value: fc.constantFrom(null, 0, 100),
      tagIds: fc.subarray(["a", "b"]),
      followUpStep: fc.nat(6),
      followUp: fc.option(
        fc.record({
          dueAt: fc.constantFrom("2026-02-01T09:00:00.000Z", "2026-03-09T09:00:00.000Z"),
          note: fc.constantFrom(null, "Call"),
          step: fc.constantFrom(null, 0, 2),
        }),
      ),
    })
    .map((fields) => aContact({ ...fields, lostReason: fields.leadStatus === "lost" ? "Price" : null }));

  test("[CC7] decide never throws, numbers without gaps, and the contact is the fold of its events", () => {
    fc.assert(
      fc.property(contact, change, fc.array(rule, { maxLength: 8 }), (before, wish, rules) => {
        const result = decide(before, wish, aContext(stages, rules));
        if (!result.ok) {
          expect(result.message).not.toBe("");
          return;
        }
        expect(result.events.map(({ seq }) => seq)).toEqual(result.events.map((_, index) => 11 + index));
        const folded = result.events.reduce<typeof before | undefined>(applyToContact, before);
        expect(folded).toEqual(result.contact);
        expect(result.events.length === 0).toBe(result.changed.length === 0);
      }),
      { numRuns: 2_000 },
    );
  });

  test("[FU5] whoever becomes Won, Lost or Abandoned has no follow-up, unless the same call plans one", () => {
    fc.assert(
      fc.property(contact, change, fc.array(rule, { maxLength: 8 }), (before, wish, rules) => {
        const result = decide(before, { ...wish, followUp: undefined }, aContext(stages, rules));
        if (!result.ok || result.contact.leadStatus === before.leadStatus) return;
        if (result.contact.leadStatus !== "open") expect(result.contact.followUp).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  test("[AU2] rivals 45: at most one rule acts on a call, and none over a named field", () => {
    fc.assert(
      fc.property(contact, change, fc.array(rule, { maxLength: 8 }), (before, wish, rules) => {
        const result = decide(before, wish, aContext(stages, rules));
        if (!result.ok) return;
        expect(result.automations.length).toBeLessThanOrEqual(1);
        if (wish.status !== undefined) expect(result.contact.leadStatus).toBe(wish.status);
        if (wish.stageId !== undefined) expect(result.contact.stageId).toBe(wish.stageId);
      }),
      { numRuns: 2_000 },
    );
  });

  test("[LS2] deciding the same change again finds nothing left to do", () => {
    fc.assert(
      fc.property(contact, change, (before, wish) => {
        const repeatable = {
          ...wish,
          message: undefined,
          note: undefined,
          before: undefined,
          after: undefined,
        };
        const first = decide(before, repeatable, aContext(stages));
        if (!first.ok) return;
        const second = decide(first.contact, repeatable, aContext(stages, [], 50));
        expect(second).toMatchObject({ ok: true, events: [], changed: [] });
      }),
    );
  });
});
