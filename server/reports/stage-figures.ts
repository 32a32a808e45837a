import type { Report, StageFigures } from "@dmtracker/shared/contracts/reports.ts";
import { CARRIED, FACT, PROGRESS, STATUSES, statusCode } from "./report-book.ts";
import { stageOf, type ReportView } from "./report-view.ts";
import { giveWay, inSlices } from "./slices.ts";

/** How far a contact got from a stage that it entered in the period. */
export const REACHED = { entered: 1, wentOn: 2 } as const;

/**
 * By contact and stage (in the pipeline's order): whether it entered the stage in the period, and whether it came
 * into a later one after that, at any time. Moves that came with a loss are no entries, nor those of a deletion.
 */
export async function followFunnel({ book, stages, isAsked, from, until }: ReportView): Promise<Uint8Array> {
  const width = stages.length;
  const reached = new Uint8Array(isAsked.length * width);
  const positions = new Int32Array(book.texts.size).fill(-1);
  for (const [position, code] of stages.entries()) positions[code] = position;
  const { kind, flags, contact, at, to } = book.facts.at;
  await inSlices(book.facts.length, (first, end) => {
    for (let row = first; row < end; row += 1) {
      if (kind[row] !== FACT.moved || ((flags[row] ?? 0) & (PROGRESS | CARRIED)) !== PROGRESS) continue;
      const who = contact[row] ?? 0;
      const position = positions[to[row] ?? 0] ?? -1;
      if (position < 0 || !isAsked[who]) continue;
      const base = who * width;
      for (let earlier = 0; earlier < position; earlier += 1)
        if (reached[base + earlier] === REACHED.entered) reached[base + earlier] = REACHED.wentOn;
      const moment = at[row] ?? 0;
      if (moment >= from && moment < until && !reached[base + position])
        reached[base + position] = REACHED.entered;
    }
  });
  return reached;
}

/** Calls `found` for every move of the period that somebody made. */
export async function findMoves(view: ReportView, found: (row: number) => void): Promise<void> {
  const { book, isAsked, from, until } = view;
  const { kind, flags, contact, at, from: left } = book.facts.at;
  await inSlices(book.facts.length, (first, end) => {
    for (let row = first; row < end; row += 1) {
      if (kind[row] !== FACT.moved || !left[row] || (flags[row] ?? 0) & CARRIED) continue;
      const moment = at[row] ?? 0;
      if (moment >= from && moment < until && isAsked[contact[row] ?? 0]) found(row);
    }
  });
}

/** Calls `found` for every contact that has an outcome since some moment of the period. */
export async function findOutcomes(
  { book, isAsked, from, until }: ReportView,
  found: (contact: number) => void,
): Promise<void> {
  const { status, statusAt } = book.contacts.at;
  await inSlices(isAsked.length, (first, end) => {
    for (let row = first; row < end; row += 1) {
      const moment = statusAt[row] ?? 0;
      if (isAsked[row] && status[row] !== statusCode("open") && moment >= from && moment < until) found(row);
    }
  });
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

type Row = Omit<
  StageFigures,
  "id" | "name" | "colour" | "isFormer" | "lostReasons" | "stays" | "medianMs"
> & {
  durations: number[];
  cents: number;
  reasons: Map<number, number>;
};

const aRow = (): Row => ({
  entered: 0,
  wentOn: 0,
  wonAfter: 0,
  won: 0,
  wonValue: 0,
  lost: 0,
  abandoned: 0,
  durations: [],
  cents: 0,
  reasons: new Map(),
});

function describeRow(view: ReportView, code: number, row: Row): StageFigures {
  const { durations, cents, reasons, ...counts } = row;
  const { id, name, colour, isFormer } = stageOf(view, code);
  const lostReasons = [...reasons]
    .map(([reason, count]) => ({ reason: view.book.texts.textOf(reason), count }))
    .sort((a, b) => b.count - a.count || (a.reason ?? "").localeCompare(b.reason ?? ""));
  const said = code === 0 ? { id: null, name: "Came in with it", colour: null, isFormer: false } : undefined;
  return {
    ...(said ?? { id, name, colour, isFormer }),
    ...counts,
    wonValue: cents / 100,
    stays: durations.length,
    medianMs: medianOf(durations),
    lostReasons,
  };
}

/** Everything by stage: the pipeline's in their order, then deleted ones that the period knows of. */
export async function countStages(view: ReportView): Promise<Pick<Report, "stages" | "moves">> {
  const { book, pipeline, stages, isAsked } = view;
  const rows = new Map<number, Row>(stages.map((code) => [code, aRow()]));
  const rowOf = (code: number): Row => {
    let row = rows.get(code);
    if (!row) rows.set(code, (row = aRow()));
    return row;
  };
  const reached = await followFunnel(view);
  const { status, outcomeStage, value, reason } = book.contacts.at;
  for (const [position, code] of stages.entries()) {
    const row = rowOf(code);
    await inSlices(isAsked.length, (first, end) => {
      for (let who = first; who < end; who += 1) {
        const how = reached[who * stages.length + position];
        if (!how) continue;
        row.entered += 1;
        if (how === REACHED.wentOn) row.wentOn += 1;
        if (status[who] === statusCode("won")) row.wonAfter += 1;
      }
    });
  }
  const moves = new Map<string, number>();
  const { at, since, from: left, to } = book.facts.at;
  await findMoves(view, (fact) => {
    const [source, target] = [left[fact] ?? 0, to[fact] ?? 0];
    rowOf(source).durations.push((at[fact] ?? 0) - (since[fact] ?? 0));
    const key = `${source} ${target}`;
    moves.set(key, (moves.get(key) ?? 0) + 1);
  });
  await findOutcomes(view, (who) => {
    const row = rowOf(outcomeStage[who] ?? 0);
    const name = STATUSES[status[who] ?? 0];
    if (name === undefined || name === "open") return;
    row[name] += 1;
    if (name === "won") row.cents += Math.round((value[who] ?? 0) * 100);
    if (name === "lost") row.reasons.set(reason[who] ?? 0, (row.reasons.get(reason[who] ?? 0) ?? 0) + 1);
  });
  const known = new Set(pipeline.stages.map(({ id }) => id));
  const others = [...rows.keys()].filter((code) => !known.has(book.texts.textOf(code) ?? ""));
  const order = [...stages, ...others.filter((code) => code !== 0), ...others.filter((code) => code === 0)];
  const described: StageFigures[] = [];
  for (const code of order) {
    described.push(describeRow(view, code, rowOf(code)));
    await giveWay();
  }
  return {
    stages: described,
    moves: [...moves].map(([key, count]) => {
      const [source, target] = key.split(" ").map((code) => book.texts.textOf(Number(code)) ?? "");
      return { from: source ?? "", to: target ?? "", count };
    }),
  };
}
