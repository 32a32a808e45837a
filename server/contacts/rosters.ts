import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type { ClientSession } from "mongoose";
import { LRUCache } from "lru-cache";
import { findChangedContactIds } from "#server/activity/event.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { onSnapshot } from "#server/platform/on-snapshot.ts";
import { Roster } from "./roster.ts";
import { readRoster, readRosterEntries } from "./roster.store.ts";

/** Contacts in all rosters of a process: about 140 MB. */
const MAX_CONTACTS = 300_000;
/** Behind by more events than this, reading everything anew is quicker. */
const MAX_BEHIND = 20_000;

type Turn = { running: Promise<Roster | undefined>; next: Promise<Roster | undefined> | undefined };

const countContacts = ({ totals }: Pipeline): number =>
  Object.values(totals)
    .flatMap((stage) => Object.values(stage))
    .reduce((sum, { count }) => sum + count, 0);

/**
 * Rosters of the pipelines that are looked at. One more reader of the log: each call brings its roster up to the
 * head, so it holds what any process has committed before the call.
 */
export class Rosters {
  readonly #rosters: LRUCache<string, Roster>;
  readonly #turns = new Map<string, Turn>();
  readonly #maxContacts: number;

  constructor(maxContacts = MAX_CONTACTS) {
    this.#maxContacts = maxContacts;
    this.#rosters = new LRUCache({
      maxSize: maxContacts,
      // What an empty one weighs is not nothing.
      sizeCalculation: ({ size }) => size + 100,
    });
  }

  /** The roster as of now; undefined when the pipeline has more contacts than are held, or does not exist. */
  current(pipelineId: string): Promise<Roster | undefined> {
    const turn = this.#turns.get(pipelineId);
    if (!turn) return this.#start(pipelineId);
    // The one that runs may have begun before the caller's own last change.
    turn.next ??= turn.running.then(
      () => this.#start(pipelineId),
      () => this.#start(pipelineId),
    );
    return turn.next;
  }

  #start(pipelineId: string): Promise<Roster | undefined> {
    const running = this.#bringUp(pipelineId);
    const turn: Turn = { running, next: undefined };
    this.#turns.set(pipelineId, turn);
    const end = (): void => {
      if (this.#turns.get(pipelineId) === turn && !turn.next) this.#turns.delete(pipelineId);
    };
    running.then(end, end);
    return running;
  }

  async #bringUp(pipelineId: string): Promise<Roster | undefined> {
    const known = this.#rosters.get(pipelineId);
    const head = await findPipeline(pipelineId);
    if (!head || countContacts(head) > this.#maxContacts) {
      this.#rosters.delete(pipelineId);
      return undefined;
    }
    if (known?.pipeline.seq === head.seq) return known;
    const roster = await onSnapshot((session) => this.#read(pipelineId, known, session));
    // Taken out first: it is weighed when it comes in, and may have grown.
    this.#rosters.delete(pipelineId);
    if (roster) this.#rosters.set(pipelineId, roster);
    return roster;
  }

  async #read(
    pipelineId: string,
    known: Roster | undefined,
    session: ClientSession,
  ): Promise<Roster | undefined> {
    const pipeline = await findPipeline(pipelineId, undefined, session);
    if (!pipeline) return undefined;
    const behind = known && pipeline.seq - known.pipeline.seq;
    const ids =
      known && behind !== undefined && behind <= MAX_BEHIND
        ? await findChangedContactIds(pipelineId, { after: known.pipeline.seq, count: behind }, session)
        : undefined;
    if (!known || !ids) return new Roster(pipeline, await readRoster(pipelineId, session));
    known.advance(pipeline, ids, await readRosterEntries(pipelineId, ids, session));
    return known;
  }
}
