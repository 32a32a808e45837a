/** One kind of news and whoever listens to it. */
export class Signal<News> {
  readonly #listeners = new Set<(news: News) => void>();

  readonly listen = (listener: (news: News) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  tell(news: News): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}
