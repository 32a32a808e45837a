/** How far the list was scrolled, until it is shown again. */
export class ListPlace {
  #waiting = 0;
  #element: HTMLElement | undefined;

  /** Takes effect now when the list is on the page, else as soon as it is. */
  remember(scrollTop: number): void {
    this.#waiting = scrollTop;
    if (this.#element) this.#element.scrollTop = scrollTop;
  }

  read(): number {
    return this.#element?.scrollTop ?? this.#waiting;
  }

  readonly attach = (element: HTMLElement): (() => void) => {
    this.#element = element;
    element.scrollTop = this.#waiting;
    return () => {
      this.#waiting = 0;
      this.#element = undefined;
    };
  };
}
