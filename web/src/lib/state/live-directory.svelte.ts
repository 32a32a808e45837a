/* eslint-disable svelte/prefer-svelte-reactivity -- a working set that no page reads */
import type { Directory } from "@dmtracker/shared/contracts/board.ts";
import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";

/** What belongs to all pipelines: tags, people and settings. Events name them by id only, so the newest is asked for. */
export class LiveDirectory {
  members = $state.raw<readonly Member[]>([]);
  tags = $state.raw<readonly Tag[]>([]);
  settings = $state.raw<OrganizationSettings>(DEFAULT_SETTINGS);
  readonly #load: () => Promise<Directory>;
  /** Ids of tags and people that were asked for already. */
  readonly #strangers = new Set<string>();
  #wanted = false;
  #underway = false;

  constructor(load: () => Promise<Directory>) {
    this.#load = load;
  }

  install({ members, tags, settings }: Directory): void {
    this.members = members;
    this.tags = tags;
    this.settings = settings;
  }

  /** Learns the names of tags and people that came after the board was opened. */
  hear({ type, after }: PipelineEvent): void {
    if (type === "organization.changed") return void this.#refresh();
    const named = [...(after.tagIds ?? []), ...(after.assigneeId ? [after.assigneeId] : [])];
    if (named.length === 0) return;
    const known = new Set([...this.tags, ...this.members].map(({ id }) => id));
    const strange = named.filter((id) => !known.has(id) && !this.#strangers.has(id));
    if (strange.length === 0) return;
    // Asked for once: what was deleted since stays unknown.
    for (const id of strange) this.#strangers.add(id);
    void this.#refresh();
  }

  /** One look at a time, so that no answer is laid over a later one. */
  async #refresh(): Promise<void> {
    this.#wanted = true;
    if (this.#underway) return;
    this.#underway = true;
    while (this.#wanted) {
      this.#wanted = false;
      const directory = await this.#load().catch(() => undefined);
      if (directory) this.install(directory);
      // A failed look is made up for by the next snapshot or event.
      else this.#strangers.clear();
    }
    this.#underway = false;
  }
}
