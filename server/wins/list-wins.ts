import { WINS_SHOWN } from "@dmtracker/shared/contracts/limits.ts";
import type { Total } from "@dmtracker/shared/contracts/pipeline.ts";
import type { LeaderboardRow, Win, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { daysOfPeriod, spanOfDays } from "@dmtracker/shared/pipeline/report-period.ts";
import { dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMembers, findOrganization } from "#server/organizations/member.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { StandingWin } from "#server/reports/report-book.ts";
import { stageOf, type ReportView } from "#server/reports/report-view.ts";

type Opened = Pick<ReportView, "book" | "pipeline">;

/** What no person did and nobody was assigned to still counts for the team. */
const NOBODY = "Team";

/** A win that stands, with what sums and ranks ask of it; free of the book that it was read from. */
type Told = { win: Win; at: number; personId: string | null; cents: number };

function sumUp(wins: readonly Told[]): Total {
  return { count: wins.length, value: wins.reduce((sum, { cents }) => sum + cents, 0) / 100 };
}

/** By number, then by value, then by name: the same order on every screen. */
function rank(wins: readonly Told[]): LeaderboardRow[] {
  const rows = new Map<string | null, { name: string; wins: number; cents: number }>();
  for (const { win, personId, cents } of wins) {
    const row = rows.get(personId) ?? { name: win.creditedTo ?? NOBODY, wins: 0, cents: 0 };
    rows.set(personId, { ...row, wins: row.wins + 1, cents: row.cents + cents });
  }
  return [...rows.values()]
    .map(({ cents, ...row }) => ({ ...row, value: cents / 100 }))
    .sort((a, b) => b.wins - a.wins || b.value - a.value || a.name.localeCompare(b.name));
}

function describeWin(opened: Opened, win: StandingWin, creditedTo: string | null): Win {
  const { book } = opened;
  const from = win.fromStage === 0 ? undefined : stageOf(opened, win.fromStage);
  return {
    seq: win.seq,
    log: 0,
    pipeline: null,
    at: new Date(win.at).toISOString(),
    contactId: book.ids[win.contact] ?? null,
    username: win.username,
    value: book.contacts.at.hasValue[win.contact] ? (book.contacts.at.value[win.contact] ?? null) : null,
    fromStage: from ? { name: from.name, colour: from.colour } : null,
    by: { type: win.by.type, name: win.by.name },
    rule: win.rule,
    creditedTo,
  };
}

/** The wins of one pipeline that stand since a moment, the newest first. */
function tellWins(opened: Opened, members: ReadonlyMap<string, string>, since: number): Told[] {
  const { book } = opened;
  return [...book.wins.values()]
    .filter(({ at }) => at >= since)
    .sort((a, b) => b.seq - a.seq)
    .map((win) => {
      const personId = book.texts.textOf(win.creditedTo);
      const name = members.get(personId ?? "") ?? book.names.get(win.creditedTo) ?? null;
      const cents = Math.round((book.contacts.at.value[win.contact] ?? 0) * 100);
      return { win: describeWin(opened, win, name), at: win.at, personId, cents };
    });
}

type Logs = { seq: number; names: string[]; wins: Told[] };

/** Wins of these pipelines as one list: each in the order of its own log, between them by the clock. */
async function readLogs(
  app: AppContext,
  pipelineIds: readonly string[],
  { members, since }: { members: ReadonlyMap<string, string>; since: number },
): Promise<Logs> {
  const isOne = pipelineIds.length === 1;
  const logs: Logs = { seq: 0, names: [], wins: [] };
  for (const [log, pipelineId] of pipelineIds.entries()) {
    const found = await app.reportBooks.read(pipelineId, (opened) => {
      const { name } = opened.pipeline;
      const told = tellWins(opened, members, since);
      const wins = isOne ? told : told.map((one) => ({ ...one, win: { ...one.win, log, pipeline: name } }));
      return { wins, name, seq: opened.book.seq };
    });
    if (!found) throw new AppError("not_found", "No such pipeline");
    logs.seq += found.seq;
    logs.names.push(found.name);
    logs.wins.push(...found.wins);
  }
  if (!isOne) logs.wins.sort((a, b) => b.at - a.at || a.win.log - b.win.log || b.win.seq - a.win.seq);
  return logs;
}

/**
 * All that a wins screen shows, of one pipeline or (null) of all of the organization's.
 * @throws AppError not_found
 */
export async function listWins(
  app: AppContext,
  organizationId: string,
  pipelineId: string | null,
): Promise<WinsBoard> {
  const [organization, { timeZone }, members, pipelines] = await Promise.all([
    findOrganization(app.auth, organizationId),
    findSettings(organizationId),
    findMembers(app.auth, organizationId),
    pipelineId === null ? findPipelines(organizationId) : [{ id: pipelineId }],
  ]);
  const today = dayOf(app.now(), timeZone);
  const spans = {
    today: spanOfDays({ first: today, last: today }, timeZone),
    week: spanOfDays(daysOfPeriod("this_week", today), timeZone),
    month: spanOfDays(daysOfPeriod("this_month", today), timeZone),
  };
  const since = Math.min(spans.week.from, spans.month.from);
  const names = new Map(members.map(({ id, name }) => [id, name]));
  const logs = await readLogs(
    app,
    pipelines.map(({ id }) => id),
    { members: names, since },
  );
  const within = (name: keyof typeof spans) =>
    logs.wins.filter(({ at }) => at >= spans[name].from && at < spans[name].until);
  const parts = { today: within("today"), week: within("week"), month: within("month") };
  return {
    pipelineId,
    pipeline: pipelineId === null ? null : (logs.names[0] ?? ""),
    organization: organization?.name ?? "",
    timeZone,
    seq: logs.seq,
    wins: logs.wins.slice(0, WINS_SHOWN).map(({ win }) => win),
    today: sumUp(parts.today),
    week: sumUp(parts.week),
    month: sumUp(parts.month),
    leaderboard: { today: rank(parts.today), week: rank(parts.week), month: rank(parts.month) },
    since: new Date(since).toISOString(),
    midnight: new Date(spans.today.until).toISOString(),
  };
}

/** What a screen that anybody may see is told of a contact: that it was somebody. */
function withoutContact(win: Win): Win {
  return { ...win, contactId: null, username: "" };
}

/** For a screen with a link: never an id, and a handle only if whoever made the link has said so. */
export async function listWinsForScreen(
  app: AppContext,
  link: { organizationId: string; pipelineId: string | null; showsContacts: boolean },
): Promise<WinsBoard> {
  const board = await listWins(app, link.organizationId, link.pipelineId);
  const wins = board.wins.map((win) =>
    link.showsContacts ? { ...win, contactId: null } : withoutContact(win),
  );
  return { ...board, wins };
}
