import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import type { Decision, DecisionContext } from "@dmtracker/shared/pipeline/decision.ts";
import { describeEvent, plainText } from "@dmtracker/shared/pipeline/describe-event.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import { isDueToWake, isParked, wakesAt } from "@dmtracker/shared/pipeline/parking.ts";
import { dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aContact, aContext, someStages } from "../support/factories.ts";
import { TIME_ZONES } from "../support/filter-cases.ts";

const stages = someStages();
const [first] = stages;
const context = aContext(stages);
const { now } = context;
const LATER = "2026-04-01T00:00:00.000Z";

const open = (fields: Partial<Contact> = {}) => aContact({ stageId: first?.id ?? "", ...fields });

function decided(contact: Contact, change: ContactChange, at: Partial<DecisionContext> = {}): Decision {
  const decision = decide(contact, change, { ...context, head: contact.seq, ...at });
  if (!decision.ok) throw new Error(decision.message);
  return decision;
}

const parked = (fields: Partial<Contact> = {}) =>
  decided(open(fields), { parked: { until: LATER, reason: "budget in April" } }).contact;

const typesOf = ({ events }: Decision) => events.map(({ type }) => type);

test("[PK1] an Open contact is parked until a moment with a reason, and stays Open", () => {
  const decision = decided(open(), { parked: { until: "2026-04-01T02:00:00+02:00", reason: "budget" } });
  expect(decision.contact).toMatchObject({
    leadStatus: "open",
    parked: { until: LATER, reason: "budget" },
  });
  expect(decision.changed).toEqual(["parked"]);
  expect(decided(decision.contact, { parked: { until: LATER, reason: "budget" } }).events).toEqual([]);
});

test("[PK1] only an Open contact is parked, and only until a moment that is to come", () => {
  const wish = { parked: { until: LATER, reason: null } };
  for (const leadStatus of ["won", "lost", "abandoned"] as const) {
    expect(decide(open({ leadStatus }), wish, context)).toMatchObject({ ok: false, path: "parked" });
    expect(decide(open(), { ...wish, status: leadStatus }, context)).toMatchObject({ ok: false });
  }
  expect(decided(open({ leadStatus: "lost" }), { ...wish, status: "open" }).contact.parked).not.toBeNull();
  expect(decide(open(), { parked: { until: now, reason: null } }, context)).toMatchObject({
    ok: false,
    message: "Park it until a moment that is to come",
  });
});

test("[PK1] what is parked is in no list of what was quiet, and can be filtered for", () => {
  const contact = parked();
  const moment = (at: string) => ({ now: at, timeZone: "UTC" });
  const quietLater = "2026-03-20T00:00:00Z";
  expect(matchesFilter(contact, { quietDays: 7 }, moment(quietLater))).toBe(false);
  expect(matchesFilter(contact, { quietDays: 7 }, moment(LATER))).toBe(true);
  expect(matchesFilter(contact, { parked: true }, moment(quietLater))).toBe(true);
  expect(matchesFilter(contact, { parked: false }, moment(quietLater))).toBe(false);
  expect(matchesFilter(contact, { parked: false }, moment(LATER))).toBe(true);
  expect(matchesFilter(open(), { parked: false }, moment(quietLater))).toBe(true);
});

test("[PK2] a contact is awake from its moment on, whether or not that was written down", () => {
  const contact = parked();
  expect(isParked(contact, "2026-03-31T23:59:59.999Z")).toBe(true);
  expect(isParked(contact, LATER)).toBe(false);
  expect(isDueToWake(contact, LATER)).toBe(true);
  const woken = decided(contact, { parked: null }, { now: LATER });
  expect(typesOf(woken)).toEqual(["contact.woke"]);
  expect(isDueToWake(woken.contact, LATER)).toBe(false);
  expect(decided(woken.contact, { parked: null }, { now: LATER }).events).toEqual([]);
});

test("[PK2] a day begins where the organization is, also where a switch of daylight saving skips its midnight", () => {
  const days = fc.integer({ min: 0, max: 4_000 }).map((count) => {
    const day = new Date(Date.UTC(2020, 0, 1 + count)).toISOString();
    return day.slice(0, 10);
  });
  fc.assert(
    fc.property(days, fc.constantFrom(...TIME_ZONES), (day, timeZone) => {
      const at = wakesAt(day, timeZone);
      expect(dayOf(at, timeZone)).toBe(day);
      expect(dayOf(Date.parse(at) - 1, timeZone) < day).toBe(true);
    }),
  );
  // Sao Paulo had no midnight on that day.
  expect(wakesAt("2018-11-04", "America/Sao_Paulo")).toBe("2018-11-04T03:00:00.000Z");
});

test("[PK3] a reply wakes at once, in the batch of its message, which is its cause", () => {
  const reply = { message: { direction: "in" as const, text: "now?", at: now } };
  const decision = decided(parked(), reply);
  expect(typesOf(decision)).toEqual(["contact.message_logged", "contact.woke", "contact.follow_up_set"]);
  const [message, woke] = decision.events;
  expect(woke?.cause).toMatchObject({ seq: message?.seq, type: "contact.message_logged" });
  expect(decision.contact).toMatchObject({ parked: null, followUp: { dueAt: now, step: 0 } });
  expect(woke && plainText(describeEvent(woke, { stages, members: [], tags: [] }))).toBe(
    "Ana woke this contact, parked for: budget in April, because Ana logged a reply",
  );
});

test("[PK3] what we write ourselves and what is told late wake nobody", () => {
  const lastMessage = { direction: "out" as const, text: "hi", at: now };
  const contact = parked({ lastMessage, conversationStatus: "no_reply" });
  const out = decided(contact, { message: { direction: "out", text: "still there?", at: now } });
  expect(out.contact.parked).not.toBeNull();
  const late = decided(contact, { message: { direction: "in", text: "old", at: "2026-02-01T00:00:00Z" } });
  expect(late.contact.parked).not.toBeNull();
});

test("[PK3] Won, Lost and Abandoned end parking, by hand and by a rule alike", () => {
  for (const status of ["won", "lost", "abandoned"] as const) {
    const { contact, changed } = decided(parked(), { status });
    expect(contact).toMatchObject({ leadStatus: status, parked: null, followUp: null });
    expect(changed).toContain("parked");
  }
  const rule = { id: "r", type: "stage_to_status", stageId: stages[5]?.id ?? "", status: "lost" } as const;
  const ruled = { pipeline: { ...context.pipeline, rules: [{ ...rule, enabled: true }] } };
  expect(decided(parked(), { stageId: rule.stageId }, ruled).contact.parked).toBeNull();
});

test("[PK4] what is due while a contact is parked is due on the morning of its day", () => {
  const soon = { dueAt: "2026-03-05T09:00:00.000Z", note: "ask for a date", step: 2 };
  expect(parked({ followUp: soon }).followUp).toEqual({
    dueAt: "2026-04-01T09:00:00.000Z",
    note: "ask for a date",
    step: null,
  });
  expect(parked().followUp).toMatchObject({ note: "budget in April" });
  const promised = { dueAt: "2026-05-01T09:00:00.000Z", note: null, step: null };
  expect(parked({ followUp: promised }).followUp).toEqual(promised);
});

test("[PK4] who wakes a contact before its day takes it up now; at its moment nothing else moves", () => {
  const contact = parked();
  expect(decided(contact, { parked: null }).contact.followUp?.dueAt).toBe(now);
  const onItsDay = decided(contact, { parked: null }, { now: LATER });
  expect(onItsDay.contact.followUp?.dueAt).toBe("2026-04-01T09:00:00.000Z");
});

test("[CC7] [PK1] parking and waking in any order are the fold of their events", () => {
  const at = fc.integer({ min: 1, max: 400 }).map((hours) => new Date(Date.parse(now) + hours * 3_600_000));
  const change: fc.Arbitrary<ContactChange> = fc.oneof(
    at.map((until) => ({ parked: { until: until.toISOString(), reason: null } })),
    fc.constant({ parked: null }),
    fc.constantFrom("open" as const, "won" as const, "lost" as const).map((status) => ({ status })),
    at.map((moment) => ({ message: { direction: "in" as const, text: "hi", at: moment.toISOString() } })),
    fc.constant({ followUp: null }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(change, at), { maxLength: 12 }), (steps) => {
      const start = open();
      let contact = start;
      let folded: Contact | undefined = start;
      for (const [wish, moment] of steps) {
        const decision = decide(contact, wish, { ...context, head: contact.seq, now: moment.toISOString() });
        if (!decision.ok) continue;
        for (const event of decision.events) folded = applyToContact(folded, event);
        contact = decision.contact;
        expect(contact.parked === null || contact.leadStatus === "open").toBe(true);
      }
      expect(folded).toEqual(contact);
    }),
  );
});
