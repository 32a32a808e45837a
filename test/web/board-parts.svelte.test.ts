import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { expect, test, vi } from "vitest";
import { Announcer, describeMoves } from "../../web/src/lib/board/announcer.svelte.ts";
import { scrollStep } from "../../web/src/lib/board/auto-scroll.ts";
import { changeFor, gapOf } from "../../web/src/lib/board/board-drag.svelte.ts";
import { CARD_PITCH, gapAt } from "../../web/src/lib/board/card-geometry.ts";
import { Pace, shiftAtTop, shiftOf } from "../../web/src/lib/board/keep-place.svelte.ts";
import { howLong, liveWords } from "../../web/src/lib/shell/live-words.ts";
import { shortAge } from "../../web/src/lib/contact/short-age.ts";
import { outcomeOf } from "../../web/src/lib/state/outcome.ts";

const card = (id: string, stageId = "new", rank = id) =>
  ({ id, stageId, rank, leadStatus: "open" }) as Contact;
const list = ["a", "b", "c"].map((id) => card(id));

test("rivals 30: a drop names the cards that it falls between, in every gap", () => {
  const other = card("x", "talking");
  const into = (gap: number) => changeFor(list, { stageId: "new", gap }, other);
  expect(into(0)).toEqual({ stageId: "new", after: null, before: "a" });
  expect(into(1)).toEqual({ stageId: "new", after: "a", before: "b" });
  expect(into(3)).toEqual({ stageId: "new", after: "c", before: null });
  expect(changeFor([], { stageId: "new", gap: 0 }, other)).toEqual({ stageId: "new" });
});

test("in its own column a card never names itself, and a drop in its old place is no change", () => {
  const within = (gap: number) => changeFor(list, { stageId: "new", gap }, list[1]!);
  expect(within(1)).toBeUndefined();
  expect(within(2)).toBeUndefined();
  expect(within(0)).toEqual({ after: null, before: "a" });
  expect(within(3)).toEqual({ after: "c", before: null });
});

test("a card that is carried by one card's height moves by one place", () => {
  expect(gapOf(gapAt(4 + 2 * CARD_PITCH, 2), 1)).toBe(3);
  expect(gapOf(gapAt(4, 2), 1)).toBe(0);
  expect(gapAt(-500, 2)).toBe(0);
  expect(gapAt(9_000, 2)).toBe(2);
});

test("what others do is told in one sentence", () => {
  const ana = { what: "moved" as const, who: "Ana", contact: "kim.fit", stage: "Meeting Booked" };
  expect(describeMoves([ana])).toBe("Ana moved @kim.fit to Meeting Booked");
  expect(describeMoves([ana, { ...ana, stage: "Closed" }])).toBe("Ana moved @kim.fit several times");
  const many = Array.from({ length: 37 }, (_, index) => ({ ...ana, contact: `c${index}` }));
  expect(describeMoves(many)).toBe("Ana moved 37 cards");
  expect(describeMoves([{ ...ana, what: "appeared" }])).toBe("Ana added @kim.fit to Meeting Booked");
  expect(describeMoves([...many, { ...ana, who: "Jade" }])).toBe("2 people moved 38 cards");
});

test("a screen reader hears at most one sentence every three seconds, and nothing about own moves", () => {
  vi.useFakeTimers();
  const announcer = new Announcer();
  const actor = { type: "user", id: "ana", name: "Ana" } as const;
  const move = (contactId: string, by: "someone" | "me" = "someone") =>
    announcer.note([{ contactId, by, actor, what: "moved" }], ({ contactId: contact, what }) => ({
      what,
      who: "Ana",
      contact,
      stage: "Closed",
    }));
  move("a", "me");
  expect(announcer.text).toBe("");
  move("a");
  expect(announcer.text).toBe("Ana moved @a to Closed");
  for (const id of ["b", "c", "d"]) move(id);
  vi.advanceTimersByTime(2_900);
  expect(announcer.text).toBe("Ana moved @a to Closed");
  vi.advanceTimersByTime(200);
  expect(announcer.text).toBe("Ana moved 3 cards");
  announcer.stop();
  vi.useRealTimers();
});

test("cards that come and go above what is read shift it by as many places", () => {
  const long = Array.from({ length: 50 }, (_, index) => card(`c${String(index).padStart(2, "0")}`));
  const scrolled = 20 * CARD_PITCH + 10;
  expect(shiftOf(long, [card("a"), card("b"), ...long], scrolled)).toBe(2);
  expect(shiftOf(long, long.slice(3), scrolled)).toBe(-3);
  expect(shiftOf(long, long.toSpliced(20, 1), scrolled)).toBe(-1);
  expect(shiftOf(long, [...long, card("z")], scrolled)).toBe(0);
  expect(shiftOf(long, [], scrolled)).toBeUndefined();
});

test("a list whose top alone changes moves as one, by as many cards as came or went", () => {
  expect(shiftAtTop(list, [card("0"), ...list])).toBe(1);
  expect(shiftAtTop(list, list.slice(1))).toBe(-1);
  expect(shiftAtTop(list, [...list, card("d")])).toBe(0);
  expect(shiftAtTop(list, list.toSpliced(1, 1))).toBe(0);
  expect(shiftAtTop(list, [card("c"), card("a"), card("b")])).toBe(0);
  expect(shiftAtTop([], [card("a")])).toBe(0);
  expect(shiftAtTop(list, [...["0", "1", "2", "3"].map((id) => card(id)), ...list])).toBe(0);
});

test("what changes in one go has one pace, and change upon change is not calm", () => {
  const pace = new Pace();
  expect([pace.note(1_000), pace.note(1_001)]).toEqual([true, true]);
  expect([pace.note(1_100), pace.note(1_101)]).toEqual([false, false]);
  expect(pace.note(1_250)).toBe(false);
  // Busy it stays until it has rested.
  expect(pace.note(1_800)).toBe(false);
  expect(pace.note(2_401)).toBe(true);
  expect(pace.note(2_602)).toBe(true);
});

test("the screen says how live it is in plain words", () => {
  const live = { status: "live", behind: 0, waiting: 0, secondsBehind: 0, apart: false } as const;
  expect(liveWords(live)).toEqual({ status: "Live", waiting: "", spoken: "Live" });
  expect(liveWords({ ...live, status: "catching up", behind: 12 }).status).toBe("Catching up, 12 behind");
  const offline = liveWords({ ...live, status: "offline", secondsBehind: 40, waiting: 3 });
  expect(`${offline.status} ${offline.waiting}`).toBe("Offline for 40 s · 3 changes waiting");
  expect(offline.spoken).toBe("Offline, 3 changes waiting for the network");
  // [SP7] The processes cannot hear each other: all is there, some of it a second late.
  expect(liveWords({ ...live, apart: true }).status).toBe("Live, a moment late");
  expect([howLong(89), howLong(90), howLong(3_600 * 5)]).toEqual(["89 s", "2 min", "5 h"]);
});

test("an age is as short as a card needs it", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  const ages = [
    "2026-01-31T11:59:30Z",
    "2026-01-31T11:30:00Z",
    "2026-01-30T13:00:00Z",
    "2026-01-28T12:00:00Z",
  ];
  expect(ages.map((at) => shortAge(at, now))).toEqual(["now", "30m", "23h", "3d"]);
  expect(shortAge("2026-01-01T12:00:00Z", now)).toBe("4w");
  expect(shortAge("2026-02-01T12:00:00Z", now)).toBe("now");
});

test("rivals 18: whatever leads to Won or Lost asks first, also by a rule; other changes do not", () => {
  const rules = [{ id: "r", type: "stage_to_status", stageId: "s2", status: "lost", enabled: true }] as const;
  const pipeline = { rules: [...rules] };
  expect(outcomeOf(pipeline, card("a"), { stageId: "s2" })).toBe("lost");
  expect(outcomeOf(pipeline, card("a"), { stageId: "s3" })).toBeUndefined();
  expect(outcomeOf(pipeline, card("a"), { status: "won" })).toBe("won");
  expect(outcomeOf(pipeline, card("a"), { status: "abandoned" })).toBeUndefined();
  expect(outcomeOf(pipeline, { ...card("a"), leadStatus: "lost" }, { stageId: "s2" })).toBeUndefined();
});

test("lists scroll only near their edges, and faster the nearer", () => {
  expect(scrollStep(300, 0, 600)).toBe(0);
  expect(scrollStep(10, 0, 600)).toBeLessThan(scrollStep(40, 0, 600));
  expect(scrollStep(40, 0, 600)).toBeLessThan(0);
  expect(scrollStep(599, 0, 600)).toBeGreaterThan(0);
});
