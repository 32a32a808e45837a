import { WINS_SHOWN } from "@dmtracker/shared/contracts/limits.ts";
import type { Total } from "@dmtracker/shared/contracts/pipeline.ts";
import type { LeaderboardRow, Win, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { daysOfPeriod, spanOfDays } from "@dmtracker/shared/pipeline/report-period.ts";
import { dayOf } from "@dmtracker/shared/pipeline/zoned-days.ts";
import type { AppContext } from "#server/app-context.ts";
import { findMembers, findOrganization } from "#server/organizations/member.store.ts";
import { findSettings } from "#server/organizations/organization-settings.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { StandingWin } from "#server/reports/report-book.ts";
import { stageOf, type ReportView } from "#server/reports/report-view.ts";

type Opened = Pick<ReportView, "book" | "pipeline">;
type NameOf = (person: number) => string | null;

/** What no person did and nobody was assigned to still counts for the team. */
const NOBODY = "Team";

const centsOf = ({ book }: Opened, { contact }: StandingWin): number =>
  Math.round((book.contacts.at.value[contact] ?? 0) * 100);

function sumUp(opened: Opened, wins: readonly StandingWin[]): Total {
  const cents = wins.reduce((sum, win) => sum + centsOf(opened, win), 0);
  return { count: wins.length, value: cents / 100 };
}

/** By value, then by number, then by name: the same order on every screen. */
function rank(opened: Opened, wins: readonly StandingWin[], nameOf: NameOf): LeaderboardRow[] {
  const rows = new Map<number, { wins: number; cents: number }>();
  for (const win of wins) {
    const row = rows.get(win.creditedTo) ?? { wins: 0, cents: 0 };
    rows.set(win.creditedTo, { wins: row.wins + 1, cents: row.cents + centsOf(opened, win) });
  }
  return [...rows]
    .map(([person, row]) => ({ name: nameOf(person) ?? NOBODY, wins: row.wins, value: row.cents / 100 }))
    .sort((a, b) => b.wins - a.wins || b.value - a.value || a.name.localeCompare(b.name));
}

function describeWin(opened: Opened, win: StandingWin, nameOf: NameOf): Win {
  const { book } = opened;
  const from = win.fromStage === 0 ? undefined : stageOf(opened, win.fromStage);
  return {
    seq: win.seq,
    at: new Date(win.at).toISOString(),
    contactId: book.ids[win.contact] ?? null,
    username: win.username,
    value: book.contacts.at.hasValue[win.contact] ? (book.contacts.at.value[win.contact] ?? null) : null,
    fromStage: from ? { name: from.name, colour: from.colour } : null,
    by: { type: win.by.type, name: win.by.name },
    rule: win.rule,
    creditedTo: nameOf(win.creditedTo),
  };
}

/** All that a wins screen shows, as of one number of the log. @throws AppError not_found */
export async function listWins(
  app: AppContext,
  organizationId: string,
  pipelineId: string,
): Promise<WinsBoard> {
  const [organization, { timeZone }, members] = await Promise.all([
    findOrganization(app.auth, organizationId),
    findSettings(organizationId),
    findMembers(app.auth, organizationId),
  ]);
  const today = dayOf(app.now(), timeZone);
  const spans = {
    today: spanOfDays({ first: today, last: today }, timeZone),
    week: spanOfDays(daysOfPeriod("this_week", today), timeZone),
    month: spanOfDays(daysOfPeriod("this_month", today), timeZone),
  };
  const board = await app.reportBooks.read(pipelineId, (opened): WinsBoard => {
    const { book, pipeline } = opened;
    const current = new Map(members.map(({ id, name }) => [id, name]));
    const nameOf: NameOf = (person) =>
      current.get(book.texts.textOf(person) ?? "") ?? book.names.get(person) ?? null;
    const since = Math.min(spans.week.from, spans.month.from);
    const standing = [...book.wins.values()].filter(({ at }) => at >= since).sort((a, b) => b.seq - a.seq);
    const within = (name: keyof typeof spans) =>
      standing.filter(({ at }) => at >= spans[name].from && at < spans[name].until);
    const parts = { today: within("today"), week: within("week"), month: within("month") };
    return {
      pipelineId,
      pipeline: pipeline.name,
      organization: organization?.name ?? "",
      timeZone,
      seq: book.seq,
      wins: standing.slice(0, WINS_SHOWN).map((win) => describeWin(opened, win, nameOf)),
      today: sumUp(opened, parts.today),
      week: sumUp(opened, parts.week),
      month: sumUp(opened, parts.month),
      leaderboard: {
        today: rank(opened, parts.today, nameOf),
        week: rank(opened, parts.week, nameOf),
        month: rank(opened, parts.month, nameOf),
      },
      since: new Date(since).toISOString(),
      midnight: new Date(spans.today.until).toISOString(),
    };
  });
  if (!board) throw new AppError("not_found", "No such pipeline");
  return board;
}

/** What a screen that anybody may see is told of a contact: that it was somebody. */
function withoutContact(win: Win): Win {
  return { ...win, contactId: null, username: "" };
}

/** For a screen with a link: never an id, and a handle only if whoever made the link has said so. */
export async function listWinsForScreen(
  app: AppContext,
  link: { organizationId: string; pipelineId: string; showsContacts: boolean },
): Promise<WinsBoard> {
  const board = await listWins(app, link.organizationId, link.pipelineId);
  const wins = board.wins.map((win) =>
    link.showsContacts ? { ...win, contactId: null } : withoutContact(win),
  );
  return { ...board, wins };
}
