import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ReversalContext } from "@dmtracker/shared/pipeline/reverse-contact.ts";
import { rankBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import type { AppContext } from "#server/app-context.ts";
import { findTakenNames } from "#server/contacts/contact.store.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { placeKey, type RankBook } from "#server/pipeline/rank-book.ts";
import { findTags } from "#server/tags/tag.store.ts";

type Checks = Pick<ReversalContext, "isMember" | "isTag" | "isTaken" | "freeRank">;
type Place = { stageId: string; rank: string };

/**
 * What reversals need to know of the world outside their contacts. Reversing is pure and looks nothing up, so it
 * runs twice: first it only asks (`asking`), then it gets what was found (`answers`).
 */
export class ReversalGround {
  readonly #members = new Set<string>();
  readonly #tags = new Set<string>();
  readonly #names: { field: "username" | "manychatId"; value: string }[] = [];
  readonly #places: Place[] = [];
  readonly #moving = new Set<string>();

  readonly asking: Checks = {
    isMember: (id) => Boolean(this.#members.add(id)),
    isTag: (id) => Boolean(this.#tags.add(id)),
    isTaken: (field, value) => {
      this.#names.push({ field, value });
      return false;
    },
    freeRank: (stageId, rank, { id }) => {
      this.#places.push({ stageId, rank });
      this.#moving.add(id);
      return rank;
    },
  };

  async answers(app: AppContext, organizationId: string, ranks: RankBook): Promise<Checks> {
    const members = this.#members.size > 0 ? await findMembers(app.auth, organizationId) : [];
    const tags = this.#tags.size > 0 ? await findTags(organizationId) : [];
    const taken = await findTakenNames(organizationId, this.#names);
    const free = await this.#freePlaces(ranks);
    const known = (list: readonly { id: string }[]) => new Set(list.map(({ id }) => id));
    const [memberIds, tagIds] = [known(members), known(tags)];
    return {
      isMember: (id) => memberIds.has(id),
      isTag: (id) => tagIds.has(id),
      isTaken: (field, value) => taken.has(`${field} ${value}`),
      freeRank: free,
    };
  }

  /** The old place, or right below it when somebody else stands there by now. */
  async #freePlaces(ranks: RankBook): Promise<(stageId: string, rank: string, contact: Contact) => string> {
    const moving = [...this.#moving];
    const taken = await ranks.findTaken(this.#places, moving);
    const given = new Set<string>();
    const next = new Map<string, { above: string; below: string | null }>();
    for (const { stageId, rank } of this.#places) {
      const key = placeKey({ stageId, rank });
      const isTwice = given.has(key);
      given.add(key);
      if (next.has(key) || (!taken.has(key) && !isTwice)) continue;
      next.set(key, { above: rank, below: await ranks.rankBelow(stageId, rank, moving) });
    }
    const used = new Set(taken);
    return (stageId, rank) => {
      const key = placeKey({ stageId, rank });
      const gap = next.get(key);
      if (!used.has(key) || !gap) {
        used.add(key);
        return rank;
      }
      gap.above = rankBetween(gap.above, gap.below);
      return gap.above;
    };
  }
}
