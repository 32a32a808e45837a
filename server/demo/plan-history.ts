import type { ContactChange, NewContact } from "@dmtracker/shared/contracts/contact.ts";
import {
  BOOKED,
  DECLINES,
  FIRST_NAMES,
  FOLLOW_UPS,
  FOLLOW_UP_NOTES,
  LAST_NAMES,
  LOST_REASONS,
  NICHES,
  NOTES,
  OPENERS,
  REPLIES,
  TAGS,
} from "./demo-texts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
export const DEMO_DAYS = 60;

/** Positions of the default stages: the demo knows its own pipeline, never a stage's name. */
const STAGE = { conversation: 1, interested: 2, booked: 3, closed: 4, lost: 5 } as const;

/** When a silent contact hears from us again: a little after each step of the cadence is due. */
const CADENCE_HOURS = [
  [22, 34],
  [70, 86],
  [166, 190],
  [334, 370],
] as const;

export type DemoPerson = { id: string; name: string };

type When = { at: Date; username: string; by: DemoPerson };
export type DemoStep =
  | (When & { type: "create"; contact: Omit<NewContact, "id" | "tagIds" | "source"> & { tags: string[] } })
  | (When & { type: "change"; change: Omit<ContactChange, "stageId">; stage?: number });

/** A small seeded generator (mulberry32): every demo tells the same story, whatever the day. */
function createRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    chance: (probability: number): boolean => next() < probability,
    pick: <T>(list: readonly [T, ...T[]]): T => list[Math.floor(next() * list.length)] as T,
    between: (low: number, high: number): number => low + next() * (high - low),
  };
}

type Random = ReturnType<typeof createRandom>;

/** Sales people write by day: a moment of the night waits for the next morning. Hours are UTC. */
function byDay(time: number, random: Random): number {
  const start = Math.floor(time / DAY_MS) * DAY_MS;
  const hour = (time - start) / HOUR_MS;
  if (hour >= 8 && hour < 20) return time;
  const morning = hour < 8 ? start : start + DAY_MS;
  return morning + (8 + random.next() * 3) * HOUR_MS;
}

function makeUsernames(count: number, random: Random): { username: string; displayName: string }[] {
  const made = new Map<string, string>();
  while (made.size < count) {
    const first = random.pick(FIRST_NAMES);
    const last = random.pick(LAST_NAMES);
    const niche = random.pick(NICHES);
    const shapes = [
      `${first}.${niche}`,
      `${first}_${last}`,
      `${niche}.by.${first}`,
      `the.${first}.${last}`,
      `${first}${last}.${niche}`,
    ] as const;
    const username = random.pick(shapes).toLowerCase();
    if (!made.has(username)) made.set(username, `${first} ${last}`);
  }
  return [...made].map(([username, displayName]) => ({ username, displayName }));
}

/** One contact's life, step by step, as far as it comes before `now`. */
function planContact(
  who: { username: string; displayName: string },
  people: readonly [DemoPerson, ...DemoPerson[]],
  now: number,
  random: Random,
): DemoStep[] {
  const by = random.pick(people);
  let clock = byDay(now - random.next() ** 1.4 * DEMO_DAYS * DAY_MS, random);
  if (clock > now) clock = now - random.between(1, 12) * HOUR_MS;
  const steps: DemoStep[] = [];
  const change = (wish: Omit<ContactChange, "stageId">, stage?: number): void => {
    steps.push({
      type: "change",
      at: new Date(clock),
      username: who.username,
      by,
      change: wish,
      ...(stage === undefined ? {} : { stage }),
    });
  };
  const say = (direction: "in" | "out", text: string): void => {
    change({ message: { direction, text, at: new Date(clock).toISOString() } });
  };
  const wait = (low: number, high: number): void => {
    clock = byDay(clock + random.between(low, high) * HOUR_MS, random);
  };

  steps.push({
    type: "create",
    at: new Date(clock),
    username: who.username,
    by,
    contact: {
      ...who,
      assigneeId: by.id,
      value: random.chance(0.55) ? Math.round(random.between(4, 60)) * 100 : null,
      ...(random.chance(0.5) ? { manychatId: String(Math.floor(random.between(1e8, 9e8))) } : {}),
      tags: TAGS.filter(() => random.chance(0.16)),
    },
  });
  wait(0.02, 0.2);
  say("out", random.pick(OPENERS));
  const finish = (): void => {
    // What nobody did for days is the exception, or nobody would believe the list of what is due.
    wait(20, 60);
    if (random.chance(0.93)) change({ followUp: { act: "complete" } });
  };
  if (!random.chance(0.62)) {
    for (const [low, high] of CADENCE_HOURS) {
      wait(low, high);
      if (random.chance(0.12)) {
        change({ followUp: { act: "complete" } });
        return steps;
      }
      say("out", random.pick(FOLLOW_UPS));
    }
    wait(20, 200);
    if (random.chance(0.8)) change({ status: "abandoned" });
    return steps;
  }
  wait(0.5, 40);
  say("in", random.pick(REPLIES));
  wait(0.1, 4);
  change({}, STAGE.conversation);
  wait(0.1, 2);
  say("out", random.pick(FOLLOW_UPS));
  if (random.chance(0.3)) change({ note: random.pick(NOTES) });
  if (!random.chance(0.68)) {
    wait(60, 300);
    if (random.chance(0.4)) {
      say("in", random.pick(DECLINES));
      wait(0.2, 5);
      change({ lostReason: random.pick(LOST_REASONS) }, STAGE.lost);
    } else if (random.chance(0.5)) change({ status: "abandoned" });
    else finish();
    return steps;
  }
  wait(2, 50);
  say("in", random.pick(REPLIES));
  change({}, STAGE.interested);
  wait(1, 30);
  say("out", random.pick(FOLLOW_UPS));
  if (!random.chance(0.62)) {
    finish();
    return steps;
  }
  wait(4, 80);
  say("in", random.pick(BOOKED));
  wait(0.1, 1);
  change({}, STAGE.booked);
  if (random.chance(0.6)) {
    const dueAt = new Date(clock + random.between(30, 200) * HOUR_MS).toISOString();
    change({ followUp: { act: "schedule", dueAt, note: random.pick(FOLLOW_UP_NOTES) } });
  }
  if (!random.chance(0.75)) {
    wait(80, 220);
    finish();
    return steps;
  }
  wait(24, 140);
  if (random.chance(0.58)) change({ value: Math.round(random.between(6, 70)) * 100 }, STAGE.closed);
  else if (random.chance(0.6)) change({ lostReason: random.pick(LOST_REASONS) }, STAGE.lost);
  else change({ status: "abandoned" });
  return steps;
}

/** Sixty days of believable work, in the order in which it happened. */
export function planHistory(
  people: readonly [DemoPerson, ...DemoPerson[]],
  count: number,
  now: Date,
): DemoStep[] {
  const random = createRandom(20_260_401);
  return makeUsernames(count, random)
    .flatMap((who) => planContact(who, people, now.getTime(), random))
    .filter(({ at }) => at < now)
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}
