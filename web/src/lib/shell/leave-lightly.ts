/** From the first word of leaving until the page is gone; a person may also have chosen to stay. */
const LEAVING_MS = 1_000;

/**
 * Kit notes where a page is scrolled to when it is about to be left, and again when it is hidden. By then the browser
 * has dropped every style, so the second note styles and lays out a page that nobody will see: some 40 ms of a board,
 * and the next page waits for them. Whoever only hides a page is not touched.
 * @returns stops it
 */
export function leaveLightly(): () => void {
  let leftAt = -Infinity;
  const leave = (): void => {
    leftAt = performance.now();
  };
  // Kit listens at the window, behind the document.
  const hide = (event: Event): void => {
    if (document.hidden && performance.now() - leftAt < LEAVING_MS) event.stopPropagation();
  };
  addEventListener("beforeunload", leave);
  document.addEventListener("visibilitychange", hide);
  return () => {
    removeEventListener("beforeunload", leave);
    document.removeEventListener("visibilitychange", hide);
  };
}
