import type { Page } from "playwright-core";

type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean };
type Watched = { shifts: number[] };

/** Adds up what moves on a page although nobody touched it, as the browser itself sees it. */
export async function watchShifts(page: Page): Promise<{ quiet(): Promise<void>; sum(): Promise<number> }> {
  await page.evaluate(() => {
    const watched = window as unknown as Watched;
    watched.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[])
        if (!entry.hadRecentInput) watched.shifts.push(entry.value);
    }).observe({ type: "layout-shift" });
  });
  /** Two frames: what is on its way has been drawn and told. */
  const drawn = () =>
    page.evaluate(
      () => new Promise<void>((told) => requestAnimationFrame(() => requestAnimationFrame(() => told()))),
    );
  return {
    /** Whatever the way here has moved is forgotten. */
    async quiet() {
      await drawn();
      await page.evaluate(() => ((window as unknown as Watched).shifts = []));
    },
    async sum() {
      await drawn();
      return page.evaluate(() =>
        (window as unknown as Watched).shifts.reduce((sum, value) => sum + value, 0),
      );
    },
  };
}
