import { deserialize, serialize } from "node:v8";
import { ReportBook, type StandingWin } from "./report-book.ts";
import { deleteBooksBefore, findCover, findPart, savePart } from "./saved-book.store.ts";
import { giveWay } from "./slices.ts";

/** One more whenever `ReportBook` counts anything otherwise or a part is made otherwise: books of old are not read. */
const FORMAT = 1;

/** Rows of a part: three to four megabytes, which keep thread and database for some milliseconds. */
const ROWS_OF_A_PART = { facts: 100_000, contacts: 25_000 };

type Cover = { texts: string[]; names: Map<number, string> };
type FactsPart = { kind: "facts"; count: number; rows: ReturnType<ReportBook["facts"]["rows"]> };
type ContactsPart = {
  kind: "contacts";
  count: number;
  rows: ReturnType<ReportBook["contacts"]["rows"]>;
  ids: string[];
  wins: StandingWin[];
  removedWins: StandingWin[];
};

function* ranges(length: number, size: number): Generator<[from: number, until: number]> {
  for (let from = 0; from < length; from += size) yield [from, Math.min(from + size, length)];
}

function winsOf(wins: ReadonlyMap<number, StandingWin>, from: number, until: number): StandingWin[] {
  const found: StandingWin[] = [];
  for (let row = from; row < until; row += 1) {
    const win = wins.get(row);
    if (win) found.push(win);
  }
  return found;
}

function* partsOf(book: ReportBook, size: typeof ROWS_OF_A_PART): Generator<FactsPart | ContactsPart> {
  const { facts, contacts } = book;
  for (const [from, until] of ranges(facts.length, size.facts))
    yield { kind: "facts", count: until - from, rows: facts.rows(from, until) };
  for (const [from, until] of ranges(contacts.length, size.contacts)) {
    yield {
      kind: "contacts",
      count: until - from,
      rows: contacts.rows(from, until),
      ids: book.ids.slice(from, until),
      wins: winsOf(book.wins, from, until),
      removedWins: winsOf(book.removedWins, from, until),
    };
  }
}

function takePart(book: ReportBook, part: FactsPart | ContactsPart): void {
  if (part.kind === "facts") return book.facts.append(part.rows, part.count);
  book.contacts.append(part.rows, part.count);
  for (const id of part.ids) book.nameRow(id);
  for (const win of part.wins) book.wins.set(win.contact, win);
  for (const win of part.removedWins) book.removedWins.set(win.contact, win);
}

/**
 * Writes a book down, so that no process has to count what it holds once more. Nobody may change the book meanwhile.
 * Several processes may do it at once: what they write is the same, and the newest stays.
 * @param mayGoOn asked between two parts; a book that is not written whole does not count
 */
export async function saveBook(
  pipelineId: string,
  book: ReportBook,
  mayGoOn: () => boolean,
  size = ROWS_OF_A_PART,
): Promise<void> {
  const { seq } = book;
  let part = 0;
  for (const content of partsOf(book, size)) {
    if (!mayGoOn()) return;
    part += 1;
    await savePart(pipelineId, { seq, part, parts: 0, format: FORMAT, bytes: serialize(content) });
    await giveWay();
  }
  const cover: Cover = { texts: book.texts.all(), names: book.names };
  await savePart(pipelineId, { seq, part: 0, parts: part, format: FORMAT, bytes: serialize(cover) });
  await deleteBooksBefore(pipelineId, seq);
}

/** Number of the log up to which a book is written down; 0 without one. */
export async function findSavedSeq(pipelineId: string, upTo: number): Promise<number> {
  return (await findCover(pipelineId, { format: FORMAT, upTo }))?.seq ?? 0;
}

/** The newest book that is written down and not ahead of the log; undefined when there is none that is whole. */
export async function loadBook(pipelineId: string, upTo: number): Promise<ReportBook | undefined> {
  const cover = await findCover(pipelineId, { format: FORMAT, upTo });
  if (!cover) return undefined;
  const book = new ReportBook();
  for (let part = 0; part <= cover.parts; part += 1) {
    const bytes = await findPart(pipelineId, { seq: cover.seq, part, format: FORMAT });
    if (!bytes) return undefined;
    const content = deserialize(bytes) as Cover | FactsPart | ContactsPart;
    if ("kind" in content) takePart(book, content);
    else {
      for (const text of content.texts) book.texts.codeOf(text);
      for (const [code, name] of content.names) book.names.set(code, name);
    }
    await giveWay();
  }
  book.seq = cover.seq;
  return book;
}
