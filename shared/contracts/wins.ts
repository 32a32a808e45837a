import { z } from "zod";
import { Actor } from "./people.ts";
import { Total } from "./pipeline.ts";
import { Colour, Id, Instant } from "./primitives.ts";

const Count = z.int();

/** One win that stands, told by the log. */
export const Win = z.object({
  /** Number of the event that made it: its place in the order of its pipeline's log. */
  seq: z.int(),
  /** Which of the organization's pipelines, in their order: with `seq` what a win is known by. 0 on a screen of one. */
  log: z.int(),
  /** Its pipeline, on a screen that shows all of them. */
  pipeline: z.string().nullable(),
  at: Instant,
  /** Null on screens that are not told who was won. */
  contactId: Id.nullable(),
  username: z.string(),
  value: z.number().nullable(),
  /** The stage it came from; null when it came in as won. */
  fromStage: z.object({ name: z.string(), colour: Colour.nullable() }).nullable(),
  by: Actor.pick({ type: true, name: true }),
  /** The rule that did it, when one did: `by` is then who made the change it answered to. */
  rule: z.string().nullable(),
  /** Whose win it is on the leaderboard. */
  creditedTo: z.string().nullable(),
});
export type Win = z.infer<typeof Win>;

export const LeaderboardRow = z.object({ name: z.string(), wins: Count, value: z.number() });
export type LeaderboardRow = z.infer<typeof LeaderboardRow>;

/** What a wins screen shows, as of `seq`. */
export const WinsBoard = z.object({
  /** Null, as its name: all pipelines of the organization. */
  pipelineId: Id.nullable(),
  pipeline: z.string().nullable(),
  organization: z.string(),
  timeZone: z.string(),
  /** Of all pipelines the sum of their numbers: it grows with each of them. */
  seq: z.int(),
  /** Newest first, at most `WINS_SHOWN`, of this month and this week. */
  wins: z.array(Win),
  today: Total,
  week: Total,
  month: Total,
  leaderboard: z.object({
    today: z.array(LeaderboardRow),
    week: z.array(LeaderboardRow),
    month: z.array(LeaderboardRow),
  }),
  /** From when on wins are told: the beginning of the week or of the month. */
  since: Instant,
  /** When today ends there. */
  midnight: Instant,
});
export type WinsBoard = z.infer<typeof WinsBoard>;

/** One pipeline, or all of them; the first one when nothing is named. */
const WinsOf = z.union([Id, z.literal("all")], { error: "must be the id of a pipeline, or all" });
export type WinsOf = z.infer<typeof WinsOf>;

/** `GET /api/v1/wins` */
export const WinsQuery = z.strictObject({ pipeline_id: WinsOf.optional() });

export const TvLinkName = z.string().trim().min(1).max(40);
/** `POST /api/v1/wins/tv-links` */
export const NewTvLink = z.strictObject({
  name: TvLinkName,
  pipeline_id: WinsOf.optional(),
  /** Whether the screen is told the handles of contacts; members' names it is always told. */
  shows_contacts: z.boolean().default(false),
});
export const TvLinkParam = z.object({ linkId: Id });

export const TvLink = z.object({
  id: Id,
  name: z.string(),
  /** Null: all of them, those that are made later too. */
  pipelineId: Id.nullable(),
  showsContacts: z.boolean(),
  createdAt: Instant,
  lastUsedAt: Instant.nullable(),
});
export type TvLink = z.infer<typeof TvLink>;
