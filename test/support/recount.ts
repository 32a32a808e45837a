import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";

// Every figure of a report once more, as plainly as it can be said and as slowly as it likes: contact by contact,
// change by change, from the events. Shares nothing with server/reports.

type Change = { before: Contact | undefined; after: Contact; events: PipelineEvent[] };
export type Life = { contact: Contact; changes: Change[] };

export function livesOf(events: readonly PipelineEvent[]): Life[] {
  const lives = new Map<string, Life>();
  for (const event of events) {
    if (event.contactId === null) continue;
    const life = lives.get(event.contactId);
    const before = life?.contact;
    const after = applyToContact(before, event) as Contact;
    if (!life) {
      lives.set(event.contactId, { contact: after, changes: [{ before, after, events: [event] }] });
      continue;
    }
    const change = life.changes.at(-1);
    if (change?.events[0]?.after.version === event.after.version) {
      change?.events.push(event);
      if (change) change.after = after;
    } else life.changes.push({ before, after, events: [event] });
    life.contact = after;
  }
  return [...lives.values()];
}

export type RecountAsked = {
  /** First moment, and the first moment after. */
  from: number;
  until: number;
  stageIds: string[];
  bookingStageId: string | null;
  /** The moment after the day of a moment. */
  endOfDay: (at: number) => number;
};

const personOf = ({ actor, cause }: PipelineEvent): string | null => {
  const who = actor.type === "automation" && cause ? cause.actor : actor;
  return who.type === "user" ? who.id : null;
};
const cents = (values: (number | null)[]): number =>
  values.reduce<number>((sum, value) => sum + Math.round((value ?? 0) * 100), 0) / 100;
const median = (values: number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(half)] as number)
    : ((sorted[half] as number) + (sorted[half - 1] as number)) / 2;
};

type Entry = { to: string; from: string | null; at: number; by: string | null; isProgress: boolean };

export function recount(lives: readonly Life[], asked: RecountAsked) {
  const { from, until, stageIds, bookingStageId, endOfDay } = asked;
  const isIn = (at: string | number): boolean => {
    const moment = typeof at === "number" ? at : Date.parse(at);
    return moment >= from && moment < until;
  };
  const became = (status: string) =>
    lives.filter(({ contact }) => contact.leadStatus === status && isIn(contact.statusChangedAt));
  const total = (some: readonly Life[]) => ({
    count: some.length,
    value: cents(some.map(({ contact }) => contact.value)),
  });
  const outcomeChange = ({ changes }: Life) =>
    changes.findLast(({ events }) => events.some(({ type }) => type === "contact.status_changed"));

  const entriesOf = ({ changes }: Life): Entry[] =>
    changes.flatMap((change) =>
      change.events
        .filter(
          ({ type, cause }) =>
            type === "contact.created" ||
            (type === "contact.stage_changed" && cause?.type !== "pipeline.stages_changed"),
        )
        .map((event) => ({
          to: event.after.stageId as string,
          from: event.before.stageId ?? null,
          at: Date.parse(event.at),
          by: personOf(event),
          isProgress: ["open", "won"].includes(change.after.leadStatus),
        })),
    );

  const stages = (id: string | null) => {
    const position = id === null ? -1 : stageIds.indexOf(id);
    const entered: Life[] = [];
    const wentOn: Life[] = [];
    const durations: number[] = [];
    for (const life of lives) {
      const entries = entriesOf(life);
      const first = entries.findIndex(({ to, at, isProgress }) => to === id && isProgress && isIn(at));
      if (first >= 0 && position >= 0) {
        entered.push(life);
        const later = entries.slice(first + 1);
        if (later.some(({ to, isProgress }) => isProgress && stageIds.indexOf(to) > position))
          wentOn.push(life);
      }
      let since = 0;
      for (const { events } of life.changes) {
        for (const { type, after, before, at, cause } of events) {
          if (type !== "contact.created" && type !== "contact.stage_changed") continue;
          const isMove = type === "contact.stage_changed" && cause?.type !== "pipeline.stages_changed";
          if (isMove && before.stageId === id && isIn(at)) durations.push(Date.parse(at) - since);
          if (after.stageId !== undefined) since = Date.parse(at);
        }
      }
    }
    const cameFrom = (status: string) =>
      became(status).filter((life) => (outcomeChange(life)?.before?.stageId ?? null) === id);
    const reasons = new Map<string | null, number>();
    for (const { contact } of cameFrom("lost"))
      reasons.set(contact.lostReason, (reasons.get(contact.lostReason) ?? 0) + 1);
    return {
      entered: entered.length,
      wentOn: wentOn.length,
      wonAfter: entered.filter(({ contact }) => contact.leadStatus === "won").length,
      stays: durations.length,
      medianMs: median(durations),
      won: cameFrom("won").length,
      wonValue: total(cameFrom("won")).value,
      lost: cameFrom("lost").length,
      abandoned: cameFrom("abandoned").length,
      reasons,
    };
  };

  const moves = new Map<string, number>();
  for (const { from: source, to, at } of lives.flatMap(entriesOf)) {
    if (source !== null && isIn(at)) moves.set(`${source} ${to}`, (moves.get(`${source} ${to}`) ?? 0) + 1);
  }

  const creditOf = (life: Life): string | null => {
    const change = outcomeChange(life);
    const event = change?.events.findLast(({ type }) => type === "contact.status_changed");
    if (!change || !event) return null;
    const assigned = change.events.find(({ type }) => type === "contact.created")?.after.assigneeId;
    return personOf(event) ?? change.before?.assigneeId ?? assigned ?? null;
  };

  const members = (id: string | null) => {
    let [outreach, contacted, replied] = [0, 0, 0];
    for (const { changes } of lives) {
      const messages = changes
        .flatMap(({ events }) => events)
        .filter(({ type }) => type === "contact.message_logged")
        .map((event) => ({
          by: personOf(event),
          ...((event.after.message ?? event.after.lastMessage) as { direction: string; at: string }),
        }));
      const sent = messages.filter(({ direction, by, at }) => direction === "out" && by === id && isIn(at));
      if (sent.length === 0) continue;
      const first = Math.min(...sent.map(({ at }) => Date.parse(at)));
      outreach += sent.length;
      contacted += 1;
      replied += messages.some(({ direction, at }) => direction === "in" && Date.parse(at) > first) ? 1 : 0;
    }
    const done = lives
      .flatMap(({ changes }) => changes.flatMap(({ events }) => events))
      .filter(
        (event) =>
          event.type === "contact.follow_up_done" &&
          personOf(event) === id &&
          isIn(event.at) &&
          event.before.followUp,
      );
    const wins = became("won").filter((life) => creditOf(life) === id);
    const bookings = lives.filter((life) =>
      entriesOf(life).some(
        ({ from: source, to, at, by, isProgress }) =>
          source !== null && to === bookingStageId && isProgress && by === id && isIn(at),
      ),
    );
    return {
      outreach,
      contacted,
      replied,
      bookings: bookings.length,
      wins: wins.length,
      value: total(wins).value,
      done: done.length,
      doneOnTime: done.filter(
        ({ at, before }) => Date.parse(at) < endOfDay(Date.parse(before.followUp?.dueAt as string)),
      ).length,
    };
  };

  const now = (status: string) => total(lives.filter(({ contact }) => contact.leadStatus === status));
  return {
    now: { open: now("open"), won: now("won"), lost: now("lost"), abandoned: now("abandoned") },
    created: lives.filter(({ contact }) => isIn(contact.createdAt)).length,
    won: total(became("won")),
    lost: total(became("lost")),
    abandoned: total(became("abandoned")),
    stages,
    moves,
    members,
  };
}
