import { SvelteMap } from "svelte/reactivity";

export type Lift = { id: string; by: "pointer" | "keyboard"; after: string | null };

/** The ids with one of them behind another (null: in front); when that other is gone, where it stood. */
export function placed(ids: readonly string[], { id, after }: Pick<Lift, "id" | "after">): string[] {
  if (!ids.includes(id)) return [...ids];
  const others = ids.filter((other) => other !== id);
  const found = after === null ? -1 : others.indexOf(after);
  if (after !== null && found < 0) return [...ids];
  return others.toSpliced(found + 1, 0, id);
}

/**
 * The order of a short list while somebody changes it, by pointer or by keyboard. What others do meanwhile keeps its
 * place in it: only the lifted one hangs where the person holds it.
 */
export class Reorder {
  lifted = $state.raw<Lift>();
  /** Dropped and not in the list yet. */
  #wished = $state.raw<Pick<Lift, "id" | "after">>();
  readonly #ids: () => readonly string[];
  readonly #ondrop: (id: string, after: string | null) => Promise<unknown>;
  readonly #rows = new SvelteMap<string, HTMLElement>();

  readonly ids: readonly string[] = $derived.by(() => {
    const ids = this.#ids();
    const hanging = this.lifted ?? this.#wished;
    return hanging ? placed(ids, hanging) : ids;
  });

  constructor(ids: () => readonly string[], ondrop: (id: string, after: string | null) => Promise<unknown>) {
    this.#ids = ids;
    this.#ondrop = ondrop;
  }

  row(id: string): (element: HTMLElement) => () => void {
    return (element) => {
      this.#rows.set(id, element);
      return () => this.#rows.delete(id);
    };
  }

  lift(id: string, by: Lift["by"]): void {
    const index = this.ids.indexOf(id);
    this.lifted = { id, by, after: index > 0 ? (this.ids[index - 1] ?? null) : null };
  }

  /** One place up or down. */
  step(by: 1 | -1): void {
    const { lifted, ids } = this;
    if (!lifted) return;
    const others = ids.filter((id) => id !== lifted.id);
    const index = Math.min(others.length, Math.max(0, ids.indexOf(lifted.id) + by));
    this.lifted = { ...lifted, after: index === 0 ? null : (others[index - 1] ?? null) };
  }

  /** Where the pointer is: behind every row whose middle is above it. */
  aimAt(y: number): void {
    const { lifted } = this;
    if (!lifted) return;
    let after: string | null = null;
    for (const id of this.ids) {
      const rect = id === lifted.id ? undefined : this.#rows.get(id)?.getBoundingClientRect();
      if (rect && rect.top + rect.height / 2 < y) after = id;
    }
    if (after !== lifted.after) this.lifted = { ...lifted, after };
  }

  cancel(): void {
    this.lifted = undefined;
  }

  /** Stays where it was dropped until the server has said yes or no. */
  async drop(): Promise<void> {
    const { lifted } = this;
    this.lifted = undefined;
    if (!lifted) return;
    const before = this.#ids();
    if (placed(before, lifted).every((id, index) => id === before[index])) return;
    this.#wished = lifted;
    try {
      await this.#ondrop(lifted.id, lifted.after);
    } finally {
      if (this.#wished === lifted) this.#wished = undefined;
    }
  }
}
