import type { ReportQuery } from "@dmtracker/shared/contracts/reports.ts";
import type { Pipeline, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { daysOfPeriod, spanOfDays, type Days } from "@dmtracker/shared/pipeline/report-period.ts";
import { dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { ReportBook } from "./report-book.ts";

/** What a report is asked about: a book, days, and which of its contacts. */
export type ReportView = {
  book: ReportBook;
  pipeline: Pipeline;
  timeZone: string;
  days: Days;
  from: number;
  until: number;
  /** By contact: 1 when the report is about it. */
  isAsked: Uint8Array;
  /** Codes of the pipeline's stages in their order. */
  stages: number[];
  bookingStage: number;
};

type Asked = Pick<ReportQuery, "period" | "assignee" | "source" | "booking">;

function markAsked(book: ReportBook, { assignee, source }: Asked): Uint8Array {
  const { contacts, texts } = book;
  const marks = contacts.at.isRemoved.slice(0, contacts.length).map((isRemoved) => 1 - isRemoved);
  const keepOnly = (column: Uint32Array, allowed: ReadonlySet<number>): void => {
    for (let row = 0; row < marks.length; row += 1) if (!allowed.has(column[row] ?? 0)) marks[row] = 0;
  };
  // Code 0 is no text, which is nobody.
  if (assignee)
    keepOnly(
      contacts.at.assignee,
      new Set(assignee.map((id) => texts.findCode(id === "nobody" ? null : id))),
    );
  if (source) keepOnly(contacts.at.source, new Set(source.map((name) => texts.findCode(name))));
  return marks;
}

/** Nobody has said which stage is a booking: the one that most wins came from. Of equals the later one. */
function usualBookingStage({ wins }: ReportBook, stages: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const { fromStage } of wins.values()) counts.set(fromStage, (counts.get(fromStage) ?? 0) + 1);
  let best = 0;
  for (const stage of stages.slice(1)) {
    if ((counts.get(stage) ?? 0) > 0 && (counts.get(stage) ?? 0) >= (counts.get(best) ?? 0)) best = stage;
  }
  return best;
}

export function viewReport(
  { book, pipeline }: { book: ReportBook; pipeline: Pipeline },
  asked: Asked,
  { now, timeZone }: { now: Date; timeZone: string },
): ReportView {
  const days = daysOfPeriod(asked.period, dayOf(now, timeZone));
  const stages = pipeline.stages.map(({ id }) => book.texts.codeOf(id));
  const isStage = asked.booking !== undefined && pipeline.stages.some(({ id }) => id === asked.booking);
  return {
    book,
    pipeline,
    timeZone,
    days,
    ...spanOfDays(days, timeZone),
    isAsked: markAsked(book, asked),
    stages,
    bookingStage: isStage ? book.texts.codeOf(asked.booking) : usualBookingStage(book, stages),
  };
}

type NamedStage = Stage & { isFormer: boolean };

/** Stages by code, those that were deleted included. */
export function stageOf({ book, pipeline }: Pick<ReportView, "book" | "pipeline">, code: number): NamedStage {
  const id = book.texts.textOf(code) ?? "";
  const stage = pipeline.stages.find((one) => one.id === id);
  if (stage) return { ...stage, isFormer: false };
  const former = pipeline.formerStages?.find((one) => one.id === id);
  return { ...(former ?? { id, name: "Deleted stage", colour: "#8b929e" }), isFormer: true };
}
