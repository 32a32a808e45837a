/** What was opened by a button gives the focus back to it, however it was opened. */
export function returnFocus(event: Event, anchor: HTMLElement | null): void {
  event.preventDefault();
  anchor?.querySelector("button")?.focus({ preventScroll: true });
}
