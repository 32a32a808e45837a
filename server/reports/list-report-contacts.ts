import { MAX_REPORT_CONTACTS } from "@dmtracker/shared/contracts/limits.ts";
import type { ReportContacts, ReportContactsQuery } from "@dmtracker/shared/contracts/reports.ts";
import type { AppContext } from "#server/app-context.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { resolvePipelineId } from "#server/pipeline/resolve-stage.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { collectWork, reachOf } from "./member-figures.ts";
import { statusCode } from "./report-book.ts";
import { viewReport, type ReportView } from "./report-view.ts";
import { findMoves, findOutcomes, followFunnel, REACHED } from "./stage-figures.ts";

type Asked = Pick<ReportContactsQuery, "figure" | "stage" | "to" | "member" | "status" | "reason">;

function need<T>(name: keyof Asked, value: T | undefined): T {
  if (value === undefined) throw invalidField(name, "must be named for this figure");
  return value;
}

async function ofFunnel(view: ReportView, asked: Asked): Promise<number[]> {
  const { book, stages, isAsked } = view;
  const position = stages.indexOf(book.texts.findCode(need("stage", asked.stage)));
  if (position < 0) return [];
  const reached = await followFunnel(view);
  const { status } = book.contacts.at;
  const found: number[] = [];
  for (let who = 0; who < isAsked.length; who += 1) {
    const how = reached[who * stages.length + position];
    const fits =
      asked.figure === "entered"
        ? how
        : asked.figure === "went_on"
          ? how === REACHED.wentOn
          : how && status[who] === statusCode("won");
    if (fits) found.push(who);
  }
  return found;
}

async function ofMoves(view: ReportView, asked: Asked): Promise<number[]> {
  const { texts, facts } = view.book;
  const source = texts.findCode(need("stage", asked.stage));
  const target = asked.figure === "moved" ? texts.findCode(need("to", asked.to)) : undefined;
  const found = new Set<number>();
  const { contact, from, to } = facts.at;
  await findMoves(view, (row) => {
    if (from[row] !== source || (target !== undefined && to[row] !== target)) return;
    found.add(contact[row] ?? 0);
  });
  return [...found];
}

async function ofOutcomes(view: ReportView, asked: Asked): Promise<number[]> {
  const { texts, contacts } = view.book;
  const { status, outcomeStage, reason } = contacts.at;
  const named = need("stage", asked.stage);
  const stage = named === "none" ? 0 : texts.findCode(named);
  const wanted = statusCode(need("status", asked.status));
  const why =
    asked.reason === undefined ? undefined : texts.findCode(asked.reason === "" ? null : asked.reason);
  const found: number[] = [];
  await findOutcomes(view, (who) => {
    if (status[who] !== wanted || outcomeStage[who] !== stage) return;
    if (why === undefined || reason[who] === why) found.push(who);
  });
  return found;
}

async function ofMember(view: ReportView, asked: Asked): Promise<number[]> {
  const named = need("member", asked.member);
  const works = await collectWork(view);
  const work = works.byPerson.get(named === "nobody" ? 0 : view.book.texts.findCode(named));
  if (!work) return [];
  switch (asked.figure) {
    case "contacted":
      return reachOf(work, works).contacted;
    case "replied":
      return reachOf(work, works).replied;
    case "booked":
      return [...work.booked];
    case "won_by":
      return [...work.wins];
    case "done":
      return [...new Set(work.done)];
    default:
      return [...new Set(work.doneOnTime)];
  }
}

function findBehind(view: ReportView, asked: Asked): Promise<number[]> | number[] {
  switch (asked.figure) {
    case "entered":
    case "went_on":
    case "won_after":
      return ofFunnel(view, asked);
    case "moved":
    case "stayed":
      return ofMoves(view, asked);
    case "came_from":
      return ofOutcomes(view, asked);
    default:
      return ofMember(view, asked);
  }
}

/**
 * The contacts behind a number of a report, the newest first: counted by the same passes as the number.
 * @throws AppError not_found, invalid
 */
export async function listReportContacts(
  app: AppContext,
  organizationId: string,
  query: ReportContactsQuery,
): Promise<ReportContacts> {
  const [pipelineId, { timeZone }] = await Promise.all([
    resolvePipelineId(organizationId, query.pipeline_id),
    findSettings(organizationId),
  ]);
  const found = await app.reportBooks.read(pipelineId, async (opened): Promise<ReportContacts> => {
    const rows = await findBehind(viewReport(opened, query, { now: app.now(), timeZone }), query);
    const newest = rows.sort((a, b) => b - a).slice(0, MAX_REPORT_CONTACTS);
    return {
      contactIds: newest.map((row) => opened.book.ids[row] ?? ""),
      total: rows.length,
      seq: opened.book.seq,
    };
  });
  if (!found) throw new AppError("not_found", "No such pipeline");
  return found;
}
