/** Up and down go through everything marked `data-walk`, as in a menu. Tab goes on through them as well. */
export function walkList(element: HTMLElement): () => void {
  function press(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [...element.querySelectorAll<HTMLElement>("[data-walk]")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    event.preventDefault();
    stops[(at + (event.key === "ArrowDown" ? 1 : -1) + stops.length) % stops.length]?.focus();
  }
  element.addEventListener("keydown", press);
  return () => element.removeEventListener("keydown", press);
}
