import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll } from "vitest";
import type { Printed } from "./launch-product.ts";

export async function openBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    ...(process.env.CHROMIUM_PATH ? { executablePath: process.env.CHROMIUM_PATH } : { channel: "chromium" }),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  afterAll(() => browser.close());
  return browser;
}

export type Person = { context: BrowserContext; page: Page; errors: string[] };

/** A browser of somebody's own, signed in through the sign-in page, with the board open. */
export async function signIn(
  browser: Browser,
  product: Printed,
  password: string,
  email = product.email ?? "",
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await browser.newContext({
    viewport: { width: 2000, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(product.url);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .locator("[data-card]")
    .first()
    .waitFor()
    .catch(async (error: unknown) => {
      throw new Error(`no board at ${page.url()}: ${await page.locator("body").innerText()}`, {
        cause: error,
      });
    });
  return { context, page, errors };
}

/** A column by the name of its stage. */
export const column = (page: Page, stage: string): Locator =>
  page.locator("[data-column]").filter({ has: page.getByRole("heading", { name: stage, exact: true }) });

export const card = (page: Page, contactId: string): Locator => page.locator(`[data-card="${contactId}"]`);

/** Ids of the drawn cards of a column, from top to bottom. */
export function cardIds(page: Page, stage: string): Promise<string[]> {
  return column(page, stage)
    .locator("[data-card]")
    .evaluateAll((cards) =>
      cards
        .map((element) => ({
          id: element.getAttribute("data-card") ?? "",
          top: element.getBoundingClientRect().top,
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ id }) => id),
    );
}

/** Drags with the mouse, as a hand does: press, a little way, there, a moment, release. */
export async function drag(page: Page, from: Locator, to: { x: number; y: number }): Promise<void> {
  const box = await from.boundingBox();
  if (!box) throw new Error("the card is not on the screen");
  await page.mouse.move(box.x + 60, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + 70, box.y + 56, { steps: 3 });
  await page.mouse.move(to.x, to.y, { steps: 12 });
  await page.mouse.move(to.x, to.y + 1);
  await page.mouse.up();
}

/** The point in a column right above the card with this index. */
export async function gapAbove(page: Page, stage: string, index: number): Promise<{ x: number; y: number }> {
  const ids = await cardIds(page, stage);
  const box = await card(page, ids[index] ?? "").boundingBox();
  if (!box) throw new Error(`${stage} has no card ${index}`);
  return { x: box.x + box.width / 2, y: box.y + 6 };
}
