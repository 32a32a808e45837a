import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import type { Decision, Place, Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import { placeInOrder, rankBetween } from "@dmtracker/shared/pipeline/ranks.ts";
import type { PendingChange } from "./pending-changes.ts";

type Wish = Pick<PendingChange, "contactId" | "change">;

export type OverlayGround = {
  pipeline: Pipeline;
  settings: OrganizationSettings;
  actor: Actor;
  now: string;
  /** A contact as the log says. */
  saved(contactId: string): Contact | undefined;
  /** What a stage shows, in board order. */
  list(stageId: string): readonly Contact[];
};

/**
 * Contacts as own pending changes make them: every change decided again, in order, over the newest truth. So a
 * refused change leaves nothing behind, and what others do to other fields shows at once.
 */
export function layOver(pending: readonly Wish[], ground: OverlayGround): Map<string, Contact> {
  return judge(pending, ground).laid;
}

/** Likewise, with the word on the last of the changes. */
export function judge(
  pending: readonly Wish[],
  ground: OverlayGround,
): { laid: Map<string, Contact>; last: Decision | Refusal | undefined } {
  const laid = new Map<string, Contact>();
  let last: Decision | Refusal | undefined;
  const ids = new Set(pending.map(({ contactId }) => contactId));
  for (const { contactId, change } of pending) {
    const contact = laid.get(contactId) ?? ground.saved(contactId);
    if (!contact) continue;
    last = decide(contact, change, {
      pipeline: ground.pipeline,
      settings: ground.settings,
      actor: ground.actor,
      now: ground.now,
      head: contact.seq,
      batchId: "",
      rankFor,
    });
    laid.set(contactId, last.ok ? last.contact : contact);
  }
  return { laid, last };

  /** The same answer as the server's for what is loaded here: the upper neighbour wins. */
  function rankFor(stageId: string, place: Place | undefined, contact: Contact | undefined): string {
    const above = standing(place?.after, stageId, contact);
    const below = above ? undefined : standing(place?.before, stageId, contact);
    const upper = above?.rank ?? (below ? nearest(stageId, below.rank, "up", contact) : null);
    const lower = above
      ? nearest(stageId, above.rank, "down", contact)
      : (below?.rank ?? top(stageId, contact));
    const stands = place !== undefined && contact?.stageId === stageId;
    const between = (rank: string) => (upper === null || rank > upper) && (lower === null || rank < lower);
    return stands && between(contact.rank) ? contact.rank : rankBetween(upper, lower);
  }

  function standing(id: string | null | undefined, stageId: string, moving: Contact | undefined) {
    if (!id || id === moving?.id) return undefined;
    const contact = laid.get(id) ?? ground.saved(id);
    return contact?.stageId === stageId ? contact : undefined;
  }

  function top(stageId: string, moving: Contact | undefined): string | null {
    return nearest(stageId, "", "down", moving);
  }

  /**
   * The next rank above or below, without the moving contact. Others with pending changes count where those before
   * this one have laid them: whose turn has not come yet still stands where the log says.
   */
  function nearest(stageId: string, rank: string, way: "up" | "down", moving: Contact | undefined) {
    const list = ground.list(stageId);
    const step = way === "down" ? 1 : -1;
    let found: string | null = null;
    const start = placeInOrder(list, { id: way === "down" ? "~" : "", rank });
    for (let index = way === "down" ? start : start - 1; list[index]; index += step) {
      const candidate = list[index] as Contact;
      if (ids.has(candidate.id) || candidate.id === moving?.id) continue;
      found = candidate.rank;
      break;
    }
    for (const id of ids) {
      const candidate = laid.get(id) ?? ground.saved(id);
      if (candidate?.stageId !== stageId || candidate.removed || id === moving?.id) continue;
      const beyond = way === "down" ? candidate.rank > rank : candidate.rank < rank;
      const nearer = found === null || (way === "down" ? candidate.rank < found : candidate.rank > found);
      if (beyond && nearer) found = candidate.rank;
    }
    return found;
  }
}
