import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { compareRanked, placeInOrder, type Ranked } from "@dmtracker/shared/pipeline/ranks.ts";

/**
 * One stage as far as it is loaded: every contact from the top down to `boundary`, in board order. Contacts are
 * moved in a draft and shown together by `publish`, so that a batch of events costs one update.
 */
export class BoardColumn {
  readonly stageId: string;
  contacts = $state.raw<readonly Contact[]>([]);
  /** Everything is loaded: there is no boundary. */
  complete = $state(false);
  loading = $state(false);
  failed = $state(false);
  /** The last place that is loaded; undefined when nothing is. */
  boundary: Ranked | undefined;
  /** How many contacts the view has wanted so far: a reload brings at least these back. */
  wanted = 0;
  #draft: Contact[] = [];
  #changed = false;

  constructor(stageId: string) {
    this.stageId = stageId;
  }

  /** The contacts in their order now, also between two `publish`. */
  get draft(): readonly Contact[] {
    return this.#draft;
  }

  covers(place: Ranked): boolean {
    return this.complete || (this.boundary !== undefined && compareRanked(place, this.boundary) <= 0);
  }

  insert(contact: Contact): void {
    this.#draft.splice(placeInOrder(this.#draft, contact), 0, contact);
    this.#changed = true;
  }

  remove(contact: Contact): void {
    const index = this.#indexOf(contact);
    if (index < 0) return;
    this.#draft.splice(index, 1);
    this.#changed = true;
  }

  /** Same place, new content. */
  replace(old: Contact, contact: Contact): void {
    const index = this.#indexOf(old);
    if (index < 0) return;
    this.#draft[index] = contact;
    this.#changed = true;
  }

  replaceAll(next: (contact: Contact) => Contact): void {
    this.#draft = this.#draft.map(next).sort(compareRanked);
    this.#changed = true;
  }

  /** A page ends at `last`, or at the end of the stage when no more follow. */
  extend(last: Ranked | undefined, more: boolean): void {
    this.complete = !more;
    if (last) this.boundary = { id: last.id, rank: last.rank };
  }

  clear(): void {
    this.#draft = [];
    this.#changed = true;
    this.boundary = undefined;
    this.complete = false;
    this.failed = false;
  }

  publish(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.contacts = this.#draft.slice();
  }

  #indexOf(contact: Contact): number {
    const index = placeInOrder(this.#draft, contact);
    return this.#draft[index]?.id === contact.id ? index : -1;
  }
}
