import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Place } from "@dmtracker/shared/pipeline/decision.ts";
import { rankBetween, ranksBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import { findContactsAtRanks, findNeighbourRank } from "#server/contacts/contact.store.ts";

type Bounds = { above: string | null; below: string | null };
type Standing = { stageId: string; rank: string };

/** A removed contact stands in no stage. */
const NOWHERE: Standing = { stageId: "", rank: "" };

export const placeKey = ({ stageId, rank }: Standing): string => `${stageId} ${rank}`;

/**
 * Ranks for one batch: what the database holds, corrected by what the batch has already moved. Looking up is
 * asynchronous and happens before a decision (`prepare`), so that deciding itself stays synchronous and pure.
 */
export class RankBook {
  readonly #pipelineId: string;
  /** Contacts that this batch has placed: the database still shows their old places. */
  readonly #moved = new Map<string, Standing>();
  readonly #tops = new Map<string, string | null>();
  #bounds: Bounds | undefined;

  constructor(pipelineId: string) {
    this.#pipelineId = pipelineId;
  }

  /** Looks up what `rankFor` will need for one decision. `neighbours` are contacts as the batch sees them now. */
  async prepare(
    stageIds: Iterable<string>,
    wish?: { stageId: string; contactId: string; above: Contact | undefined; below: Contact | undefined },
  ): Promise<void> {
    for (const stageId of stageIds) {
      if (!this.#tops.has(stageId)) this.#tops.set(stageId, await this.#neighbour(stageId, "gt", "", []));
    }
    this.#bounds = wish && (await this.#findBounds(wish));
  }

  async #findBounds(wish: {
    stageId: string;
    contactId: string;
    above: Contact | undefined;
    below: Contact | undefined;
  }): Promise<Bounds | undefined> {
    const { stageId, contactId, above, below } = wish;
    const stands = (contact: Contact | undefined): contact is Contact =>
      contact !== undefined && contact.stageId === stageId && contact.id !== contactId;
    // One neighbour is enough and the upper one wins: the other may be out of date on the caller's screen.
    if (stands(above)) {
      return { above: above.rank, below: await this.#neighbour(stageId, "gt", above.rank, [contactId]) };
    }
    if (stands(below)) {
      return { above: await this.#neighbour(stageId, "lt", below.rank, [contactId]), below: below.rank };
    }
    return undefined;
  }

  async #neighbour(
    stageId: string,
    side: "gt" | "lt",
    rank: string,
    without: string[],
  ): Promise<string | null> {
    const stage = { pipelineId: this.#pipelineId, stageId };
    const stored = await findNeighbourRank(stage, side, rank, [...without, ...this.#moved.keys()]);
    let nearest = stored;
    for (const [id, standing] of this.#moved) {
      if (standing.stageId !== stageId || without.includes(id)) continue;
      const beyond = side === "gt" ? standing.rank > rank : standing.rank < rank;
      const nearer = nearest === null || (side === "gt" ? standing.rank < nearest : standing.rank > nearest);
      if (beyond && nearer) nearest = standing.rank;
    }
    return nearest;
  }

  /** The rank for a place in a stage; the contact's own when it already stands there. */
  rankFor(stageId: string, place: Place | undefined, contact: Contact | undefined): string {
    const bounds = place && this.#bounds;
    if (!bounds) {
      const top = this.#tops.get(stageId) ?? null;
      const standsOnTop = place && contact?.stageId === stageId && contact.rank === top;
      return standsOnTop ? contact.rank : rankBetween(null, top);
    }
    const { above, below } = bounds;
    const standsThere =
      contact?.stageId === stageId &&
      (above === null || contact.rank > above) &&
      (below === null || contact.rank < below);
    return standsThere ? contact.rank : rankBetween(above, below);
  }

  /**
   * Ranks for contacts that come to stand together in a stage, in their order: below or above the named neighbour,
   * else on top. Where they stand now does not count.
   */
  async ranksTogether(
    stageId: string,
    moving: readonly string[],
    beside: { above: Contact | undefined; below: Contact | undefined },
  ): Promise<string[]> {
    const ids = [...moving];
    const stands = (contact: Contact | undefined): contact is Contact =>
      contact?.stageId === stageId && !ids.includes(contact.id);
    const { above, below } = beside;
    if (stands(above)) {
      return ranksBetween(above.rank, await this.#neighbour(stageId, "gt", above.rank, ids), ids.length);
    }
    if (stands(below)) {
      return ranksBetween(await this.#neighbour(stageId, "lt", below.rank, ids), below.rank, ids.length);
    }
    return ranksBetween(null, await this.#neighbour(stageId, "gt", "", ids), ids.length);
  }

  /** The rank right below one, not counting the moving contacts; null at the end of the stage. */
  rankBelow(stageId: string, rank: string, moving: readonly string[]): Promise<string | null> {
    return this.#neighbour(stageId, "gt", rank, [...moving]);
  }

  /** Which of these places in a stage are taken by contacts other than the moving ones. */
  async findTaken(places: readonly Standing[], moving: readonly string[]): Promise<ReadonlySet<string>> {
    const stored = await findContactsAtRanks(this.#pipelineId, places, moving);
    const here = [...this.#moved].filter(([id]) => !moving.includes(id)).map(([, standing]) => standing);
    const gone = new Set(this.#moved.keys());
    const standing = stored.filter(({ id }) => !gone.has(id));
    return new Set([...standing, ...here].map(placeKey));
  }

  /** Notes where a decision has put a contact. */
  noteStanding({ id, stageId, rank, removed }: Contact): void {
    if (removed) {
      this.#moved.set(id, NOWHERE);
      return;
    }
    this.#moved.set(id, { stageId, rank });
    const top = this.#tops.get(stageId);
    if (top === null || (top !== undefined && rank < top)) this.#tops.set(stageId, rank);
  }
}
