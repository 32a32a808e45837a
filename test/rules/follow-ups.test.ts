import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import { decideNew } from "@dmtracker/shared/pipeline/decide-new.ts";
import type { Decision } from "@dmtracker/shared/pipeline/decision.ts";
import { dueInDays, groupOf, isOfferedForAbandoned, rangeOf } from "@dmtracker/shared/pipeline/follow-ups.ts";
import { addDays, dayOf, instantAt, startOfDay } from "@dmtracker/shared/pipeline/zoned-days.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aContact, aContext, anId, aRule, someStages } from "../support/factories.ts";

const stages = someStages();
const stageId = stages[0]?.id ?? "";
const closed = stages[4]?.id ?? "";

/** 2026-03-02T09:00Z is a Monday. */
const NOW = "2026-03-02T09:00:00.000Z";
const at = (days: number) => dueInDays(NOW, days, "UTC");

function decided(contact: Contact, change: ContactChange, context = aContext(stages)): Decision {
  const result = decide(contact, change, { ...context, head: Math.max(context.head, contact.seq) });
  if (!result.ok) throw new Error(`refused: ${result.message}`);
  return result;
}

const sent: ContactChange = { message: { direction: "out", text: "Hi", at: NOW } };
const received: ContactChange = { message: { direction: "in", text: "Hi", at: NOW } };
const last = ({ events }: Decision) => events.at(-1);

describe("the cadence", () => {
  test("[FU1] each message sent plans the next step: 1, 3, 7 and 14 days, then none", () => {
    let contact = aContact({ stageId });
    const dues: (string | undefined)[] = [];
    for (let count = 0; count < 6; count += 1) {
      const result = decided(contact, sent);
      ({ contact } = result);
      dues.push(contact.followUp?.dueAt);
    }
    expect(dues).toEqual([at(1), at(3), at(7), at(14), undefined, undefined]);
  });

  test("[FU1] the step is an event of the same change, with the message as its cause", () => {
    const { events, changed, contact } = decided(aContact({ stageId }), sent);
    expect(events.map(({ type, seq }) => [type, seq])).toEqual([
      ["contact.message_logged", 11],
      ["contact.follow_up_set", 12],
    ]);
    expect(events[1]).toMatchObject({
      before: { followUp: null },
      after: { followUp: { dueAt: at(1), step: 1, note: null }, version: contact.version },
      actor: { name: "Ana" },
      cause: { seq: 11, type: "contact.message_logged", actor: { name: "Ana" } },
    });
    expect(changed).toEqual(["message"]);
  });

  test("[FU1] writing again is doing what was due", () => {
    const contact = aContact({ stageId, followUpStep: 1, followUp: { dueAt: at(0), note: null, step: 1 } });
    expect(last(decided(contact, sent))).toMatchObject({
      type: "contact.follow_up_done",
      after: { followUp: { step: 2, dueAt: at(3) } },
    });
  });

  test("[FU2] a reply starts the cadence anew and makes the contact due now, keeping the note", () => {
    const followUp = { dueAt: at(5), note: "Send the prices", step: 3 };
    const replied = decided(aContact({ stageId, followUpStep: 3, followUp }), received);
    expect(replied.contact).toMatchObject({
      followUpStep: 0,
      followUp: { dueAt: NOW, note: "Send the prices", step: 0 },
    });
    expect(decided(replied.contact, sent).contact.followUp).toMatchObject({ dueAt: at(1), step: 1 });
  });

  test("[FU2] who writes again while waiting has waited since the first message", () => {
    const waiting = aContact({
      stageId,
      followUp: { dueAt: "2026-02-27T12:00:00.000Z", note: null, step: 0 },
    });
    const { contact, events } = decided(waiting, received);
    expect(contact.followUp).toEqual(waiting.followUp);
    expect(events).toHaveLength(1);
  });

  test("[FU3] what was planned by hand for a later day stays when one writes before; once due, writing does it", () => {
    const followUp = { dueAt: at(10), note: "After her holiday", step: null };
    const kept = decided(aContact({ stageId, followUp }), sent).contact;
    expect(kept).toMatchObject({ followUp, followUpStep: 1 });
    const due = { ...kept, followUp: { ...followUp, dueAt: at(-1) } };
    expect(decided(due, sent).contact.followUp).toMatchObject({ step: 2, dueAt: at(3) });
  });

  test("[FU4] after the last step an unanswered Open contact is offered for Abandoned, and only then", () => {
    const silent = aContact({ stageId, followUpStep: 5, conversationStatus: "no_reply" });
    expect(isOfferedForAbandoned(silent, DEFAULT_SETTINGS)).toBe(true);
    for (const other of [
      { followUpStep: 4 },
      { conversationStatus: "replied" as const },
      { leadStatus: "lost" as const },
      { followUp: { dueAt: at(1), note: null, step: null } },
    ])
      expect(isOfferedForAbandoned({ ...silent, ...other }, DEFAULT_SETTINGS)).toBe(false);
  });
});

describe("outcomes", () => {
  const followUp = { dueAt: at(3), note: null, step: 2 };

  test.each(["won", "lost", "abandoned"] as const)(
    "[FU5] %s ends follow-ups, unless it shall not",
    (status) => {
      const contact = aContact({ stageId, followUp, followUpStep: 2 });
      const ended = decided(contact, { status });
      expect(last(ended)).toMatchObject({
        type: "contact.follow_up_set",
        after: { followUp: null },
        cause: { type: "contact.status_changed" },
      });
      expect(ended.contact).toMatchObject({ followUp: null, followUpStep: 0 });
      expect(ended.changed).toEqual(["status"]);
      const stopsFollowUps = { ...DEFAULT_SETTINGS.stopsFollowUps, [status]: false };
      const settings = { ...DEFAULT_SETTINGS, stopsFollowUps };
      expect(decided(contact, { status }, { ...aContext(stages), settings }).contact.followUp).toEqual(
        followUp,
      );
    },
  );

  test("[FU5] also when a rule sets the status, in the same batch", () => {
    const rules = [aRule("stage_to_status", closed, "won")];
    const { events } = decided(aContact({ stageId, followUp }), { stageId: closed }, aContext(stages, rules));
    expect(events.map(({ type }) => type)).toEqual([
      "contact.stage_changed",
      "contact.status_changed",
      "contact.follow_up_set",
    ]);
    expect(new Set(events.map(({ after }) => after.version)).size).toBe(1);
  });

  test("[FU5] nothing is planned for who is lost, but their reply is due all the same", () => {
    const gone = aContact({ stageId, leadStatus: "lost" });
    expect(decided(gone, sent).contact.followUp).toBeNull();
    expect(decided(gone, received).contact.followUp).toMatchObject({ dueAt: NOW, step: 0 });
    expect(decided(aContact({ stageId }), { ...received, status: "lost" }).contact.followUp).toBeNull();
  });

  test("[FU5] a new contact whose first message comes with it is due, one that starts as Lost is not", () => {
    const make = (status?: "lost") =>
      decideNew({ id: anId(), username: "a", source: "api", status, ...received }, aContext(stages));
    expect(make()).toMatchObject({ contact: { followUp: { dueAt: NOW, step: 0 }, version: 1 } });
    expect(make("lost")).toMatchObject({ contact: { followUp: null } });
  });
});

describe("by hand", () => {
  test("[FU7] schedule, move, snooze, complete, remove: each an event with before and after", () => {
    const contact = aContact({ stageId });
    const planned = decided(contact, {
      followUp: { act: "schedule", dueAt: "2026-03-05T10:00:00+01:00", note: "Call" },
    });
    expect(planned.contact.followUp).toEqual({ dueAt: "2026-03-05T09:00:00.000Z", note: "Call", step: null });
    expect(planned).toMatchObject({
      changed: ["followUp"],
      events: [{ type: "contact.follow_up_set", cause: null }],
    });
    const moved = decided(planned.contact, { followUp: { act: "schedule", dueAt: at(9) } });
    expect(moved.contact.followUp).toMatchObject({ dueAt: at(9), note: "Call" });
    const later = decided(moved.contact, { followUp: { act: "snooze", until: at(12) } });
    expect(later.contact.followUp).toMatchObject({ dueAt: at(12), note: "Call" });
    const done = decided(later.contact, { followUp: { act: "complete" } });
    expect(done).toMatchObject({ contact: { followUp: null }, events: [{ type: "contact.follow_up_done" }] });
    expect(decided(later.contact, { followUp: null })).toMatchObject({
      contact: { followUp: null },
      events: [{ type: "contact.follow_up_set" }],
    });
    expect(decided(contact, { followUp: { act: "complete" } }).events).toEqual([]);
  });

  test("[FU4] [FU7] starting again makes the first message due now, and the cadence counts from it", () => {
    const silent = aContact({
      stageId,
      conversationStatus: "no_reply",
      followUpStep: 5,
      followUp: { dueAt: at(-2), note: "Ask Kim", step: 4 },
    });
    const { contact, events } = decided(silent, { followUp: { act: "restart" } });
    expect(contact).toMatchObject({
      followUp: { dueAt: NOW, note: "Ask Kim", step: null },
      followUpStep: 0,
      conversationStatus: "no_reply",
    });
    expect(events.map(({ type }) => type)).toEqual(["contact.follow_up_set"]);
    expect(isOfferedForAbandoned({ ...contact, followUp: null }, DEFAULT_SETTINGS)).toBe(false);
    const written = decided(contact, sent);
    expect(written.contact).toMatchObject({ followUpStep: 1, followUp: { dueAt: at(1), step: 1 } });
  });

  test("[FU7] a snooze keeps the step of the cadence; without a follow-up it is refused", () => {
    const contact = aContact({ stageId, followUp: { dueAt: at(0), note: null, step: 2 } });
    const { followUp } = decided(contact, { followUp: { act: "snooze", until: at(1) } }).contact;
    expect(followUp).toEqual({ dueAt: at(1), note: null, step: 2 });
    const refused = decide(
      aContact({ stageId }),
      { followUp: { act: "snooze", until: at(1) } },
      aContext(stages),
    );
    expect(refused).toMatchObject({ ok: false, code: "invalid", path: "followUp" });
  });

  test("[FU7] what a person names in the same call wins over what would follow by itself", () => {
    const change: ContactChange = { ...sent, followUp: { act: "schedule", dueAt: at(2) } };
    expect(decided(aContact({ stageId }), change).contact).toMatchObject({
      followUp: { dueAt: at(2), step: null },
      followUpStep: 1,
    });
  });
});

describe("days of the organization [FU6]", () => {
  const cases: [string, string, number, string, string][] = [
    [
      "just before midnight in Berlin",
      "2026-01-15T22:59:00Z",
      1,
      "Europe/Berlin",
      "2026-01-16T08:00:00.000Z",
    ],
    ["just after midnight in Berlin", "2026-01-15T23:01:00Z", 1, "Europe/Berlin", "2026-01-17T08:00:00.000Z"],
    ["spring forward in Berlin", "2026-03-28T12:00:00Z", 1, "Europe/Berlin", "2026-03-29T07:00:00.000Z"],
    ["fall back in Berlin", "2026-10-24T12:00:00Z", 1, "Europe/Berlin", "2026-10-25T08:00:00.000Z"],
    [
      "spring forward in New York",
      "2026-03-07T23:30:00-05:00",
      1,
      "America/New_York",
      "2026-03-08T13:00:00.000Z",
    ],
    ["fall back in New York", "2026-10-31T23:30:00-04:00", 1, "America/New_York", "2026-11-01T14:00:00.000Z"],
    ["quarter hours in Kathmandu", "2026-05-01T18:20:00Z", 3, "Asia/Kathmandu", "2026-05-05T03:15:00.000Z"],
    [
      "far in the east, a day ahead",
      "2026-12-30T11:00:00Z",
      1,
      "Pacific/Kiritimati",
      "2026-12-31T19:00:00.000Z",
    ],
    ["a leap day", "2028-02-28T12:00:00Z", 1, "UTC", "2028-02-29T09:00:00.000Z"],
  ];
  test.each(cases)("[FU6] %s", (_name, now, days, timeZone, due) => {
    expect(dueInDays(now, days, timeZone)).toBe(due);
  });

  const zone = fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
  );
  const moment = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) });

  test("[FU6] a day begins with its first moment, and nine o'clock is nine o'clock, in every zone", () => {
    fc.assert(
      fc.property(zone, moment, (timeZone, now) => {
        const day = dayOf(now, timeZone);
        const start = startOfDay(day, timeZone);
        expect([dayOf(start, timeZone), dayOf(start - 1, timeZone)]).toEqual([day, addDays(day, -1)]);
        const wall = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
        expect(wall.format(instantAt(day, 9, timeZone))).toBe("09:00");
      }),
    );
  });

  test("[FU6] the three groups share no moment and leave none out, and agree with the ranges of the query", () => {
    fc.assert(
      fc.property(
        zone,
        moment,
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ max: 86_400_000, min: 0 }),
        (timeZone, now, days, more) => {
          const due = now + days * 86_400_000 + more;
          const group = groupOf(new Date(due).toISOString(), now, timeZone);
          const inside = (["overdue", "today", "upcoming"] as const).filter((name) => {
            const { from = -Infinity, to = Infinity } = rangeOf(name, now, timeZone);
            return due >= from && due < to;
          });
          expect(inside).toEqual([group]);
        },
      ),
    );
  });

  test("[FU6] a time zone that does not exist is refused by name", () => {
    const settings = { ...DEFAULT_SETTINGS, timeZone: "Europe/Atlantis" };
    expect(OrganizationSettings.safeParse(settings).error?.issues[0]?.message).toMatch(/Europe\/Berlin/);
  });
});
