import type { NewView, SavedView, ViewChange, ViewPlace } from "@dmtracker/shared/contracts/view.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";

export type ViewSource = {
  listViews(pipelineId: string): Promise<SavedView[]>;
  createView(body: NewView): Promise<SavedView>;
  changeView(viewId: string, body: ViewChange): Promise<SavedView>;
  deleteView(viewId: string): Promise<void>;
  setDefaultView(viewId: string, isDefault: boolean): Promise<SavedView>;
};

/**
 * The saved views that this person sees. The server only says that something changed; what it is now is read anew,
 * so that nothing missed and nothing late can make the list wrong.
 */
export class SavedViews {
  /** Undefined until they are there. */
  all = $state.raw<readonly SavedView[]>();
  readonly #pipelineId: string;
  readonly #source: ViewSource;
  readonly #stop: () => void;
  #asked = 0;

  constructor(pipelineId: string, source: ViewSource, channel: Pick<BoardChannel, "listen">) {
    this.#pipelineId = pipelineId;
    this.#source = source;
    this.#stop = channel.listen({
      connected: () => void this.read(),
      viewsChanged: (changed) => changed === pipelineId && void this.read(),
    });
    void this.read();
  }

  at(place: ViewPlace): readonly SavedView[] {
    return this.all?.filter((view) => view.place === place) ?? [];
  }

  find(viewId: string | undefined): SavedView | undefined {
    return this.all?.find(({ id }) => id === viewId);
  }

  defaultAt(place: ViewPlace): SavedView | undefined {
    return this.at(place).find(({ isDefault }) => isDefault);
  }

  async create(view: Omit<NewView, "pipelineId">): Promise<SavedView> {
    return this.#put(await this.#source.createView({ ...view, pipelineId: this.#pipelineId }));
  }

  async change(viewId: string, change: ViewChange): Promise<SavedView> {
    return this.#put(await this.#source.changeView(viewId, change));
  }

  async remove(viewId: string): Promise<void> {
    await this.#source.deleteView(viewId);
    this.#asked += 1;
    this.all = this.all?.filter(({ id }) => id !== viewId);
    void this.read();
  }

  async setDefault(viewId: string, isDefault: boolean): Promise<void> {
    this.#put(await this.#source.setDefaultView(viewId, isDefault));
    await this.read();
  }

  /** Reads them anew; an answer that came after a newer question is dropped. */
  async read(): Promise<void> {
    const asked = ++this.#asked;
    const views = await this.#source.listViews(this.#pipelineId).catch(() => undefined);
    // Without an answer the next connection asks again.
    if (views && asked === this.#asked) this.all = views;
  }

  close(): void {
    this.#asked += 1;
    this.#stop();
  }

  /** One's own change shows at once; what was asked before it would be older. */
  #put(view: SavedView): SavedView {
    this.#asked += 1;
    const others = this.all ?? [];
    const known = others.some(({ id }) => id === view.id);
    this.all = known ? others.map((one) => (one.id === view.id ? view : one)) : [...others, view];
    return view;
  }
}
