import type { BulkProblem } from "@dmtracker/shared/contracts/bulk.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { Signal } from "./signal.ts";

/** A card that now stands elsewhere, and who did it: nobody when a refused change falls back. */
export type Move = {
  contactId: string;
  what: "moved" | "appeared";
  by: "me" | "someone" | "refusal";
  actor?: Actor | undefined;
};

export type Author = Pick<Move, "by" | "actor">;

export type RefusedChange = {
  contactId: string;
  username: string;
  message: string;
  /** The change that was refused, or could not be undone; undefined for one that was never sent. */
  mutationId: string | undefined;
};

/** What is said of it where the contact itself is not on the screen. */
export const refusedTitle = ({ username }: RefusedChange): string =>
  username ? `@${username} was not changed` : "A change was refused";

export type OwnChange = { mutationId: string; contactId: string; events: readonly PipelineEvent[] };

/** What became of an undo: contacts that got something back, and what stays. */
export type Undoing = { mutationId: string; changed: number; problems: readonly BulkProblem[] };

/** What a board tells whoever listens: its parts tell, pages and lists listen. */
export class BoardNews {
  readonly events = new Signal<readonly PipelineEvent[]>();
  readonly reloaded = new Signal<undefined>();
  readonly refused = new Signal<RefusedChange>();
  readonly moved = new Signal<readonly Move[]>();
  /** One's own changes, as they are made here. */
  readonly changed = new Signal<OwnChange>();
  readonly undone = new Signal<Undoing>();
  readonly revoked = new Signal<string>();
  /** Contacts whose shown state may have changed, by anyone; after a reload all of them may have. */
  readonly settled = new Signal<readonly string[]>();
}
