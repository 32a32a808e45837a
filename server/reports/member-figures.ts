import type { MemberFigures } from "@dmtracker/shared/contracts/reports.ts";
import type { Member } from "@dmtracker/shared/contracts/people.ts";
import { dayEnds } from "@dmtracker/shared/pipeline/report-period.ts";
import { CARRIED, FACT, PROGRESS } from "./report-book.ts";
import type { ReportView } from "./report-view.ts";
import { inSlices } from "./slices.ts";

/** What one person did in the period; contacts by row. */
export type Work = {
  /** To whom they wrote, and when: one entry for each message. */
  sentTo: number[];
  sentAt: number[];
  booked: Set<number>;
  wins: Set<number>;
  done: number[];
  doneOnTime: number[];
};

const aWork = (): Work => ({
  sentTo: [],
  sentAt: [],
  booked: new Set(),
  wins: new Set(),
  done: [],
  doneOnTime: [],
});

export type Works = {
  byPerson: Map<number, Work>;
  /** By contact: when it last wrote to us. */
  lastReceived: Float64Array;
  /** Room for `reachOf`, zeros between its calls. */
  firstSent: Float64Array;
};

/** The work of the period by person; 0 stands for what no person did. */
export async function collectWork(view: ReportView): Promise<Works> {
  const { book, isAsked, from, until, bookingStage, timeZone } = view;
  const byPerson = new Map<number, Work>();
  const workOf = (person: number): Work => {
    let work = byPerson.get(person);
    if (!work) byPerson.set(person, (work = aWork()));
    return work;
  };
  const lastReceived = new Float64Array(isAsked.length);
  const endOfDay = dayEnds(timeZone);
  const { kind, flags, contact, at, since, from: left, to, by } = book.facts.at;
  await inSlices(book.facts.length, (first, end) => {
    for (let row = first; row < end; row += 1) {
      const who = contact[row] ?? 0;
      const moment = at[row] ?? 0;
      if (!isAsked[who]) continue;
      if (kind[row] === FACT.received && moment > (lastReceived[who] ?? 0)) lastReceived[who] = moment;
      if (moment < from || moment >= until) continue;
      const person = by[row] ?? 0;
      if (kind[row] === FACT.sent) {
        const work = workOf(person);
        work.sentTo.push(who);
        work.sentAt.push(moment);
      } else if (kind[row] === FACT.done) {
        const work = workOf(person);
        work.done.push(who);
        if (moment < endOfDay(since[row] ?? 0)) work.doneOnTime.push(who);
      } else if (kind[row] === FACT.moved && to[row] === bookingStage && left[row] !== 0) {
        if (((flags[row] ?? 0) & (PROGRESS | CARRIED)) === PROGRESS) workOf(person).booked.add(who);
      }
    }
  });
  for (const { contact: who, at: moment, creditedTo } of book.wins.values()) {
    if (isAsked[who] && moment >= from && moment < until) workOf(creditedTo).wins.add(who);
  }
  return { byPerson, lastReceived, firstSent: new Float64Array(isAsked.length) };
}

/**
 * Contacts that somebody wrote to, and those of them that wrote back after the first message of the period. Called
 * for one person after the other, so one column of first moments serves all of them.
 */
export function reachOf(
  { sentTo, sentAt }: Pick<Work, "sentTo" | "sentAt">,
  { lastReceived, firstSent }: Pick<Works, "lastReceived" | "firstSent">,
): { contacted: number[]; replied: number[] } {
  const contacted: number[] = [];
  for (const [index, who] of sentTo.entries()) {
    const moment = sentAt[index] ?? 0;
    const earlier = firstSent[who] ?? 0;
    if (earlier === 0) contacted.push(who);
    if (earlier === 0 || moment < earlier) firstSent[who] = moment;
  }
  const replied = contacted.filter((who) => (lastReceived[who] ?? 0) > (firstSent[who] ?? 0));
  for (const who of contacted) firstSent[who] = 0;
  return { contacted, replied };
}

/** One row for every member, and for everyone else who did something in the period. */
export async function countMembers(view: ReportView, members: readonly Member[]): Promise<MemberFigures[]> {
  const { book } = view;
  const works = await collectWork(view);
  const { byPerson } = works;
  const { value } = book.contacts.at;
  const rowOf = (code: number, name: string, isMember: boolean): MemberFigures => {
    const work = byPerson.get(code) ?? aWork();
    const { contacted, replied } = reachOf(work, works);
    let cents = 0;
    for (const who of work.wins) cents += Math.round((value[who] ?? 0) * 100);
    return {
      id: book.texts.textOf(code),
      name,
      isMember,
      outreach: work.sentTo.length,
      contacted: contacted.length,
      replied: replied.length,
      bookings: work.booked.size,
      wins: work.wins.size,
      value: cents / 100,
      done: work.done.length,
      doneOnTime: work.doneOnTime.length,
    };
  };
  const codes = new Set(members.map(({ id }) => book.texts.codeOf(id)));
  const others = [...byPerson.keys()].filter((code) => !codes.has(code));
  return [
    ...members.map(({ id, name }) => rowOf(book.texts.codeOf(id), name, true)),
    ...others
      .sort((a, b) => Number(a === 0) - Number(b === 0))
      .map((code) =>
        rowOf(code, code === 0 ? "API and others" : (book.names.get(code) ?? "Former member"), false),
      ),
  ];
}
