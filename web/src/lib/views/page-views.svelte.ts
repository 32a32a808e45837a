import { DEFAULT_COLUMNS, type ContactColumn } from "@dmtracker/shared/contracts/contact-columns.ts";
import type { SavedView, ViewContent, ViewPlace } from "@dmtracker/shared/contracts/view.ts";
import type { FilterUrl } from "#lib/filter/filter-url.svelte.ts";
import { contentOf, isModified, NO_VIEW, pageViewOf } from "#lib/state/page-view.ts";
import type { SavedViews } from "#lib/state/saved-views.svelte.ts";

type Parts = {
  place: ViewPlace;
  url: FilterUrl;
  views: () => SavedViews | undefined;
  /** Columns that a list shows now: a view keeps them. */
  columns: () => readonly ContactColumn[] | undefined;
};

/** The saved views of one page, and what of them its address shows. */
export class PageViews {
  readonly place: ViewPlace;
  readonly #parts: Parts;
  readonly saved: SavedViews | undefined = $derived.by(() => this.#parts.views());
  readonly all: readonly SavedView[] = $derived.by(() => this.saved?.at(this.place) ?? []);
  /** The view that this page shows, or began as. */
  readonly current: SavedView | undefined = $derived.by(() =>
    this.all.find(({ id }) => id === this.#parts.url.page.viewId),
  );
  readonly isModified: boolean = $derived.by(
    () => this.current !== undefined && isModified(this.current.content, this.#parts.url.page, this.place),
  );

  constructor(parts: Parts) {
    this.#parts = parts;
    this.place = parts.place;
  }

  /** What the page shows now, as a view would keep it. */
  get content(): ViewContent {
    const content = contentOf(this.#parts.url.page, this.place);
    const columns = this.#parts.columns();
    // The usual columns go without saying: whoever opens the view then sees their own.
    const isUsual = columns?.join() === DEFAULT_COLUMNS.join();
    return this.place === "contacts" && columns && !isUsual ? { ...content, columns: [...columns] } : content;
  }

  show(content: ViewContent, viewId?: string, replace = false): void {
    this.#parts.url.show(pageViewOf(content, viewId), { replace });
  }

  /** Everything, also for somebody whom another view greets. */
  showAll(): void {
    this.show({ filter: {} }, NO_VIEW);
  }

  /** Somebody came without saying what they want to see. */
  greet(): void {
    const first = this.saved?.defaultAt(this.place);
    if (first) this.show(first.content, first.id, true);
  }

  async create(name: string, shared: boolean): Promise<void> {
    const { content, place } = this;
    const view = await this.saved?.create({ ...content, name, place, shared });
    if (view) this.show(view.content, view.id, true);
  }

  /** The view becomes what the page shows. */
  async update(view: SavedView): Promise<void> {
    const { content } = this;
    await this.saved?.change(view.id, { content });
    this.show(content, view.id, true);
  }

  async remove(view: SavedView): Promise<void> {
    const wasCurrent = view === this.current;
    await this.saved?.remove(view.id);
    // What is on the screen stays: only its name is gone.
    if (wasCurrent) this.#parts.url.show({ ...this.#parts.url.page, viewId: undefined }, { replace: true });
  }
}
