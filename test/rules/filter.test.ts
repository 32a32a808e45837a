import { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import { compareContacts } from "@dmtracker/shared/pipeline/contact-order.ts";
import { spanOf } from "@dmtracker/shared/pipeline/date-range.ts";
import { filterFromQuery, filterToQuery, queryText } from "@dmtracker/shared/pipeline/filter-query.ts";
import { matchesFilter } from "@dmtracker/shared/pipeline/filter.ts";
import { searchTermsOf } from "@dmtracker/shared/pipeline/search-terms.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aContact, anId } from "../support/factories.ts";
import { someFacts, someFilters, TIME_ZONES } from "../support/filter-cases.ts";

const now = new Date("2026-11-18T12:00:00Z");
const moment = { now, timeZone: "UTC" };
const words = {
  stageIds: [anId(), anId(), anId()],
  tagIds: [anId(), anId(), anId()],
  memberIds: [anId(), anId()],
  now,
};
const [stageId = ""] = words.stageIds;
const aLead = (fields: Partial<ReturnType<typeof aContact>> = {}) => aContact({ stageId, ...fields });
const found = (search: string, fields: Partial<ReturnType<typeof aContact>>) =>
  matchesFilter(aLead(fields), { search }, moment);

test("[FI2] the three examples of the guide: status with stage, status with this month, lost after booking", () => {
  const [interested = "", booked = ""] = words.stageIds;
  const warm = { leadStatus: ["open" as const], stageId: [interested] };
  expect(matchesFilter(aLead({ stageId: interested }), warm, moment)).toBe(true);
  expect(matchesFilter(aLead({ stageId: interested, leadStatus: "won" }), warm, moment)).toBe(false);
  expect(matchesFilter(aLead({ stageId: booked }), warm, moment)).toBe(false);
  const wins: ContactFilter = {
    leadStatus: ["won"],
    date: { field: "status_changed", range: "this_month" },
  };
  const won = (statusChangedAt: string) => aLead({ leadStatus: "won", statusChangedAt });
  expect(matchesFilter(won("2026-11-01T00:00:00.000Z"), wins, moment)).toBe(true);
  expect(matchesFilter(won("2026-10-31T23:59:59.999Z"), wins, moment)).toBe(false);
  const fellThrough = { leadStatus: ["lost" as const], stageId: [booked] };
  expect(matchesFilter(aLead({ stageId: booked, leadStatus: "lost" }), fellThrough, moment)).toBe(true);
});

test("[FI2] filters combine by AND, values of one by OR", () => {
  fc.assert(
    fc.property(
      someFacts(words),
      someFilters(words),
      fc.constantFrom(...TIME_ZONES),
      (facts, filter, timeZone) => {
        const contact = aContact(facts);
        const all = matchesFilter(contact, filter, { now, timeZone });
        const each = Object.entries(filter).every(([name, value]) =>
          matchesFilter(contact, { [name]: value }, { now, timeZone }),
        );
        expect(all).toBe(each);
        const statuses = filter.leadStatus ?? [];
        expect(statuses.some((status) => matchesFilter(contact, { leadStatus: [status] }, moment))).toBe(
          statuses.includes(contact.leadStatus),
        );
      },
    ),
  );
});

test("[FI2] nobody, no conversation and no tags are values of their own", () => {
  const [tag = "", other = ""] = words.tagIds;
  const [ana = ""] = words.memberIds;
  const bare = aLead();
  const full = aLead({ assigneeId: ana, conversationStatus: "replied", tagIds: [tag] });
  const matching = (filter: ContactFilter) => [bare, full].map((lead) => matchesFilter(lead, filter, moment));
  expect(matching({ assigneeId: ["nobody"] })).toEqual([true, false]);
  expect(matching({ assigneeId: ["nobody", ana] })).toEqual([true, true]);
  expect(matching({ conversationStatus: ["none"] })).toEqual([true, false]);
  expect(matching({ tags: { mode: "any", ids: [tag, other] } })).toEqual([false, true]);
  expect(matching({ tags: { mode: "all", ids: [tag, other] } })).toEqual([false, false]);
  expect(matching({ tags: { mode: "none", ids: [tag] } })).toEqual([true, false]);
});

test("[FI3] days begin and end where the organization is; weeks begin on Monday", () => {
  const spanned = (
    range: "today" | "this_week" | "this_month" | "last_30_days",
    at: string,
    timeZone: string,
  ) => {
    const { from, until } = spanOf({ field: "created", range }, at, timeZone);
    return [new Date(from).toISOString(), new Date(until).toISOString()];
  };
  expect(spanned("today", "2026-11-22T23:30:00Z", "Europe/Berlin")).toEqual([
    "2026-11-22T23:00:00.000Z",
    "2026-11-23T23:00:00.000Z",
  ]);
  // 22 November 2026 is a Sunday.
  expect(spanned("this_week", "2026-11-22T20:00:00Z", "UTC")[0]).toBe("2026-11-16T00:00:00.000Z");
  expect(spanned("this_week", "2026-11-23T00:00:00Z", "UTC")[0]).toBe("2026-11-23T00:00:00.000Z");
  expect(spanned("this_month", "2026-12-31T12:00:00Z", "UTC")).toEqual([
    "2026-12-01T00:00:00.000Z",
    "2027-01-01T00:00:00.000Z",
  ]);
  // The day on which clocks go back has 25 hours, the one on which they go forward 23.
  expect(spanned("today", "2026-10-25T12:00:00Z", "Europe/Berlin")).toEqual([
    "2026-10-24T22:00:00.000Z",
    "2026-10-25T23:00:00.000Z",
  ]);
  expect(spanned("last_30_days", "2026-03-30T12:00:00Z", "Europe/Berlin")).toEqual([
    "2026-02-28T23:00:00.000Z",
    "2026-03-30T22:00:00.000Z",
  ]);
});

test("[FI3] every moment is in its own today, week and month, and the days on both sides are not", () => {
  const instants = fc.date({ min: new Date("2020-01-01"), max: new Date("2035-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(instants, fc.constantFrom(...TIME_ZONES), (at, timeZone) => {
      const local = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
      for (const range of ["today", "this_week", "this_month", "last_30_days"] as const) {
        const { from, until } = spanOf({ field: "created", range }, at, timeZone);
        expect(from <= at.getTime() && at.getTime() < until).toBe(true);
        expect(local.format(from)).not.toBe(local.format(from - 1));
        expect(local.format(until)).not.toBe(local.format(until - 1));
      }
      const { from, until } = spanOf({ field: "created", range: "today" }, at, timeZone);
      expect([local.format(from), local.format(until - 1)]).toEqual([local.format(at), local.format(at)]);
    }),
    { numRuns: 300 },
  );
});

test("[FI4] every word of a search begins a word of the handle, name, e-mail or phone", () => {
  expect(
    searchTermsOf({ username: "kim.fit", displayName: "Ana-Lena José", email: null, phone: "+49 (170) 12" }),
  ).toEqual([
    "kim.fit",
    "ana-lena",
    "jose",
    "49",
    "170)",
    "12",
    "kim",
    "fit",
    "ana",
    "lena",
    "170",
    "4917012",
  ]);
  expect(found("@kim.f", { username: "kim.fit" })).toBe(true);
  expect(found("FIT kim", { username: "kim.fit" })).toBe(true);
  expect(found("im", { username: "kim.fit" })).toBe(false);
  expect(found("jose lena", { displayName: "Ana-Lena José" })).toBe(true);
  expect(found("example", { email: "kim@example.com" })).toBe(true);
  expect(found("4917012", { phone: "+49 (170) 12" })).toBe(true);
  expect(found("--", { displayName: "--" })).toBe(false);
});

test("[FI5] a filter survives the address bar, and what the schema accepts", () => {
  const anything = fc.oneof(
    someFilters(words),
    fc
      .string({ unit: "binary", minLength: 1, maxLength: 60 })
      .map((text) => text.trim())
      .filter((text) => text !== "" && text.length <= 100)
      .map((search) => ({ search })),
  );
  fc.assert(
    fc.property(anything, (filter) => {
      expect(ContactFilter.parse(filter)).toEqual(filter);
      const text = queryText(filterToQuery(filter));
      expect(filterFromQuery(new URLSearchParams(text))).toEqual({ filter, dropped: [] });
    }),
  );
});

test("[FI5] whatever is typed gives a filter that the schema accepts, and names what was left out", () => {
  const parts = fc.constantFrom(
    "open",
    "won",
    "",
    "any:",
    "created:",
    "..",
    "2026-02-30",
    "nobody",
    ",",
    "14",
    anId(),
  );
  const value = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 4 }).map((some) => some.join("")),
  );
  const key = fc.constantFrom(
    "status",
    "stage",
    "conversation",
    "tags",
    "assignee",
    "source",
    "date",
    "quiet",
    "q",
    "x",
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 6 }), (pairs) => {
      const query = new URLSearchParams(pairs);
      const { filter, dropped } = filterFromQuery(query);
      expect(ContactFilter.parse(filter)).toEqual(filter);
      const isEmpty = Object.keys(filter).length === 0;
      expect(isEmpty && pairs.length > 0 && dropped.length === 0).toBe(false);
    }),
    { numRuns: 500 },
  );
  expect(
    filterFromQuery(
      new URLSearchParams("status=open,maybe&date=created:2026-02-30..&colour=red&sort=value"),
      ["sort"],
    ),
  ).toMatchObject({
    filter: { leadStatus: ["open"] },
    dropped: [
      { key: "colour", value: "red" },
      { key: "status", value: "maybe", message: "must be open, won, lost, abandoned" },
      { key: "date", value: "created:2026-02-30.." },
    ],
  });
});

test("[FI6] contacts without a value or message stand lowest; ties break by id in the same direction", () => {
  const leads = [aLead({ value: 5 }), aLead(), aLead({ value: 0 }), aLead({ value: 5 }), aLead()];
  const up = leads.toSorted(compareContacts("value", "asc"));
  expect(up.map(({ value }) => value)).toEqual([null, null, 0, 5, 5]);
  expect(leads.toSorted(compareContacts("value", "desc"))).toEqual(up.toReversed());
});
