import { z } from "zod";
import { Contact } from "./contact.ts";
import { OrganizationSettings } from "./organization-settings.ts";
import { Member, Tag } from "./people.ts";
import { Pipeline, Total } from "./pipeline.ts";
import { Id, Instant } from "./primitives.ts";

/** The top of one stage in board order. `more` tells whether contacts follow. */
export const ColumnPage = z.object({ stageId: Id, contacts: z.array(Contact), more: z.boolean() });
export type ColumnPage = z.infer<typeof ColumnPage>;

/** Everything a board needs to open, as of `pipeline.seq`. */
export const BoardSnapshot = z.object({
  pipeline: Pipeline,
  columns: z.array(ColumnPage),
  members: z.array(Member),
  tags: z.array(Tag),
  settings: OrganizationSettings,
  /** With a filter, `columns` hold only what matches; this is all of it, by stage. Stages without a match are absent. */
  filtered: z.record(Id, Total).optional(),
});
export type BoardSnapshot = z.infer<typeof BoardSnapshot>;

/** The board as it was: stages, names, rules and totals of that moment, deleted stages among them. */
export const BoardThen = BoardSnapshot.omit({ filtered: true }).extend({
  at: Instant,
  /** How far back the log can tell. */
  since: Instant,
});
export type BoardThen = z.infer<typeof BoardThen>;

/** A further page of a stage, read as of `seq`: events up to it are already in. */
export const ColumnPageAt = ColumnPage.extend({ seq: z.int() });
export type ColumnPageAt = z.infer<typeof ColumnPageAt>;

/** Contacts by id, as of `seq`. */
export const ContactsAt = z.object({ contacts: z.array(Contact), seq: z.int() });
export type ContactsAt = z.infer<typeof ContactsAt>;

/** What an organization calls things, and what it has decided for all its pipelines. */
export const Directory = z.object({
  members: z.array(Member),
  tags: z.array(Tag),
  settings: OrganizationSettings,
});
export type Directory = z.infer<typeof Directory>;
