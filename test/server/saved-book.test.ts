import { EventModel, toEventRecord } from "@dmtracker/server/activity/event.model.ts";
import { PipelineModel } from "@dmtracker/server/pipeline/pipeline.model.ts";
import { makeReport } from "@dmtracker/server/reports/make-report.ts";
import { ReportBook, type ReportEvent } from "@dmtracker/server/reports/report-book.ts";
import { ReportBooks } from "@dmtracker/server/reports/report-books.ts";
import { findSavedSeq, loadBook, saveBook } from "@dmtracker/server/reports/saved-book.ts";
import { SavedBookModel } from "@dmtracker/server/reports/saved-book.model.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { ReportQuery } from "@dmtracker/shared/contracts/reports.ts";
import mongoose from "mongoose";
import { expect, onTestFinished, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { generateHistory } from "../support/generated-history.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

const EVENTS = 4_000;
const NOT_WHOLE_PARTS = { facts: 700, contacts: 90 };
const always = () => true;

function aHistory({ pipeline, owner, admin, member }: TestOrganization, head = 0): PipelineEvent[] {
  const events: PipelineEvent[] = [];
  generateHistory(
    {
      seed: 11 + head,
      contacts: EVENTS / 10,
      events: EVENTS,
      pipelineId: pipeline.id,
      stages: pipeline.stages,
      rules: pipeline.rules,
      people: [owner, admin, member],
      from: Date.parse("2026-02-01T00:00:00Z"),
      until: Date.parse("2026-03-01T00:00:00Z"),
      head,
      anId: () => new mongoose.Types.ObjectId().toHexString(),
    },
    (event) => events.push(event),
  );
  return events;
}

function aBook(events: readonly ReportEvent[]): ReportBook {
  const book = new ReportBook();
  for (const event of events) book.take(event);
  return book;
}

/** All that a book holds. */
const contentOf = ({ seq, texts, facts, contacts, ids, wins, removedWins, names }: ReportBook) => ({
  seq,
  texts: texts.all(),
  facts: facts.rows(0, facts.length),
  contacts: contacts.rows(0, contacts.length),
  ids,
  wins: [...wins.values()].sort((a, b) => a.contact - b.contact),
  removedWins,
  names,
});

test("[RP7] a book that was written down is the same when it is read, and goes on with the log like one that never was", async () => {
  const organization = await server.anOrganization();
  const events = aHistory(organization);
  const [before, after] = [events.slice(0, 3_000), events.slice(3_000)];
  const book = aBook(before);
  expect(book.facts.length).toBeGreaterThan(NOT_WHOLE_PARTS.facts * 2);
  expect(book.wins.size).toBeGreaterThan(10);
  await saveBook(organization.pipeline.id, book, always, NOT_WHOLE_PARTS);
  const read = await loadBook(organization.pipeline.id, events.length);
  if (!read) throw new Error("nothing was written down");
  expect(contentOf(read)).toEqual(contentOf(book));
  for (const event of after) read.take(event);
  expect(contentOf(read)).toEqual(contentOf(aBook(events)));
});

test("[RP7] a book counts when it is whole, of today's format and not ahead of the log; a newer one takes its place", async () => {
  const { pipeline, ...rest } = await server.anOrganization();
  const events = aHistory({ pipeline, ...rest });
  const book = aBook(events.slice(0, 2_000));
  let parts = 0;
  await saveBook(pipeline.id, book, () => (parts += 1) <= 2, NOT_WHOLE_PARTS);
  expect(await SavedBookModel.countDocuments({ pipelineId: pipeline.id })).toBe(2);
  expect(await findSavedSeq(pipeline.id, EVENTS)).toBe(0);
  expect(await loadBook(pipeline.id, EVENTS)).toBeUndefined();

  await saveBook(pipeline.id, book, always, NOT_WHOLE_PARTS);
  expect(await findSavedSeq(pipeline.id, EVENTS)).toBe(book.seq);
  expect(await loadBook(pipeline.id, book.seq - 1)).toBeUndefined();

  const newer = aBook(events);
  await saveBook(pipeline.id, newer, always);
  expect(await SavedBookModel.distinct("seq", { pipelineId: pipeline.id })).toEqual([newer.seq]);
  expect((await loadBook(pipeline.id, EVENTS * 2))?.seq).toBe(newer.seq);

  await SavedBookModel.updateMany({ pipelineId: pipeline.id }, { $inc: { format: -1 } });
  expect(await loadBook(pipeline.id, EVENTS * 2)).toBeUndefined();
  await SavedBookModel.updateMany({ pipelineId: pipeline.id }, { $inc: { format: 1 } });
  await SavedBookModel.deleteOne({ pipelineId: pipeline.id, part: 1 });
  expect(await loadBook(pipeline.id, EVENTS * 2)).toBeUndefined();
});

test("[RP7] a process that starts reads the book that another one wrote down, and of the log what came since", async () => {
  const organization = await server.anOrganization();
  const { pipeline } = organization;
  const append = async (events: readonly PipelineEvent[]) => {
    await EventModel.collection.insertMany(events.map((event) => toEventRecord(event, organization.id)));
    await PipelineModel.updateOne({ _id: pipeline.id }, { seq: events.at(-1)?.seq });
  };
  const aProcess = () => {
    const reportBooks = new ReportBooks(server.context.logger, { saveAfterEvents: 1_000 });
    const query = ReportQuery.parse({ period: "2026-01-01..2026-12-31" });
    return () => makeReport({ ...server.context, reportBooks }, organization.id, query);
  };
  const savedSeq = () => findSavedSeq(pipeline.id, Infinity);

  const first = aHistory(organization);
  await append(first);
  const report = aProcess();
  const before = await report();
  expect(before.created).toBeGreaterThan(100);
  await eventually(async () => expect(await savedSeq()).toBe(before.seq));
  // Whoever has to read it all would find nothing.
  await EventModel.deleteMany({ pipelineId: pipeline.id });
  expect(await aProcess()()).toEqual(before);

  const few = aHistory(organization, before.seq).slice(0, 100);
  await append(few);
  const after = await report();
  expect(after.seq).toBe(few.at(-1)?.seq);
  expect(after).not.toEqual({ ...before, seq: after.seq });
  expect(await aProcess()()).toEqual(after);
  expect(await savedSeq()).toBe(before.seq);
});

test("[RP7] a book that cannot be read or written costs nobody a report", async () => {
  const organization = await server.anOrganization();
  const { pipeline } = organization;
  const query = ReportQuery.parse({ period: "today" });
  const reportOf = (reportBooks: ReportBooks) =>
    makeReport({ ...server.context, reportBooks }, organization.id, query);

  const book = new ReportBook();
  book.seq = pipeline.seq;
  await saveBook(pipeline.id, book, always);
  await SavedBookModel.updateMany({ pipelineId: pipeline.id }, { bytes: Buffer.from("nobody's book") });
  await expect(loadBook(pipeline.id, pipeline.seq)).rejects.toThrow();
  expect((await reportOf(new ReportBooks(server.context.logger))).seq).toBe(pipeline.seq);

  await SavedBookModel.deleteMany({ pipelineId: pipeline.id });
  const writing = vi.spyOn(SavedBookModel.collection, "updateOne").mockRejectedValue(new Error("disk full"));
  onTestFinished(() => writing.mockRestore());
  const books = new ReportBooks(server.context.logger, { saveAfterEvents: 0 });
  expect((await reportOf(books)).seq).toBe(pipeline.seq);
  expect((await reportOf(books)).seq).toBe(pipeline.seq);
  expect(writing).toHaveBeenCalledTimes(1);
});
