import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { openBrowser, signIn } from "../support/browser.ts";
import { makeDataDir, startProduct } from "../support/product-process.ts";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const product = await startProduct(await makeDataDir(), { DEMO: "1" });
const browser = await openBrowser();

/** Pages behind the sign-in, and what each must show before it is looked at. Those of the settings are found by their links. */
const PAGES: Record<string, string> = {
  "/": "[data-card]",
  "/contacts": "main",
  "/follow-ups": "[data-follow-up]",
  "/activity": "main",
  "/wins": "main",
  "/review": "[data-row]",
  "/review?tab=given_up": "[data-given-up]",
  "/reports": "main section",
  "/account": "main h1",
};

const OPEN_PAGES = ["/sign-in", "/sign-up", "/forgot-password"];

/** The rules that a screen breaks, each with the elements that break it. */
async function violations(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy would not let a foreign script in.
  await page.evaluate(axeSource);
  const { violations: found } = await page.evaluate(() =>
    (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
      resultTypes: ["violations"],
    }),
  );
  return found.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`);
    return `${id} (${help}):\n  ${where.join("\n  ")}`;
  });
}

async function settingsPages(page: Page): Promise<string[]> {
  await page.goto(`${product.url}/settings/stages`);
  const links = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
  await links.first().waitFor();
  return links.evaluateAll((found) =>
    found.map((link) => new URL((link as HTMLAnchorElement).href).pathname),
  );
}

const LOOKS = [
  { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { colorScheme: "dark", viewport: { width: 390, height: 844 } },
] as const;

describe.each(LOOKS)("$colorScheme at $viewport.width", (look) => {
  test("[UI1] no page breaks a rule of axe-core", async () => {
    const { page, context, errors } = await signIn(browser, product, product.password ?? "", undefined, look);
    const settings = await settingsPages(page);
    expect(settings.length).toBeGreaterThan(5);
    const pages = { ...PAGES, ...Object.fromEntries(settings.map((path) => [path, "main h2"])) };
    for (const [path, shown] of Object.entries(pages)) {
      await page.goto(product.url + path);
      await page.locator(shown).first().waitFor();
      expect.soft(await violations(page), path).toEqual([]);
    }
    await page.goto(product.url);
    await page.locator("[data-card]").first().waitFor();
    const board = page.url();
    await page.goto(`${board}/moves`);
    await page.locator("main h2").first().waitFor();
    expect.soft(await violations(page), "what moved").toEqual([]);
    await page.goto(`${board}?at=${new Date(Date.now() - 86_400_000).toISOString()}`);
    await page.locator("[data-past-card]").first().waitFor();
    expect.soft(await violations(page), "the board as it was").toEqual([]);
    await page.goto(board);
    await page.locator("[data-card]").first().waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    expect.soft(await violations(page), "the list of keys").toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    expect.soft(await violations(page), "the command palette").toEqual([]);
    await page.keyboard.press("Escape");
    await page.locator("[data-card] a").first().click();
    await page.getByText("Lead Status").first().waitFor();
    expect.soft(await violations(page), "a contact beside the board").toEqual([]);
    await page.reload();
    await page.getByText("Lead Status").first().waitFor();
    expect.soft(await violations(page), "a contact's own page").toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("[UI1] nor does one before the sign-in", async () => {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    for (const path of OPEN_PAGES) {
      await page.goto(product.url + path);
      await page.locator("h1").first().waitFor();
      expect.soft(await violations(page), path).toEqual([]);
    }
    await context.close();
  });
});
