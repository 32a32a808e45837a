import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import { openBrowser, signIn } from "./browser.ts";
import { startDemo } from "./product-process.ts";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Pages behind the sign-in, and what each must show before it is looked at. Those of the settings are found by their links. */
const PAGES: Record<string, string> = {
  "/": "[data-card]",
  "/contacts": "main",
  "/follow-ups": "[data-follow-up]",
  "/activity": "main",
  "/wins": "main",
  "/review": "[data-row]",
  "/review?tab=given_up": "[data-given-up]",
  "/reports": "main svg rect",
  "/account": "main h1",
};

const OPEN_PAGES = [
  "/sign-in",
  "/sign-up",
  "/forgot-password",
  "/reset-password#nothing",
  "/invite#nothing",
  "/api/docs",
  "/nowhere",
];

/** What a page does against its own policy, and what it complains of; and the policy itself. */
async function watchPolicy(
  page: Page,
  url: string,
): Promise<{ complaints: string[]; open: (path: string) => Promise<void> }> {
  const complaints: string[] = [];
  page.on("console", (message) => {
    // A refused call is an answer like any other: the browser reports it all the same.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) complaints.push(message.text());
  });
  await page.exposeFunction("noteViolation", (what: string) => complaints.push(what));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
      const { noteViolation } = window as unknown as { noteViolation: (what: string) => void };
      noteViolation(`${location.pathname}: ${violatedDirective} ${blockedURI} ${sample}`);
    });
  });
  return {
    complaints,
    open: async (path) => {
      const response = await page.goto(url + path);
      const policy = response?.headers()["content-security-policy"] ?? "no policy";
      expect.soft(policy, path).toContain("script-src");
      expect.soft(policy, path).not.toMatch(/unsafe-(inline|eval)/);
    },
  };
}

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

/** What has no room on a screen: a page wider than it, controls of a header over one another or beyond its edge. */
function crowded(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const found = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide`] : [];
    for (const header of document.querySelectorAll("header")) {
      const boxes = [...header.querySelectorAll("button, a, input")]
        .map((control) => ({
          name: control.getAttribute("aria-label") ?? control.textContent.trim(),
          box: control.getBoundingClientRect(),
        }))
        .filter(({ box }) => box.width > 0);
      for (const [at, { name, box }] of boxes.entries()) {
        if (box.left < 0 || box.right > clientWidth) found.push(`${name} is cut off`);
        const covers = boxes.slice(at + 1).find(
          ({ box: other }) =>
            Math.min(box.right, other.right) - Math.max(box.left, other.left) > 1 &&
            Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 1 &&
            // What clears a search stands inside its field.
            !(other.left >= box.left && other.right <= box.right),
        );
        if (covers) found.push(`${covers.name} lies over ${name}`);
      }
    }
    return found;
  });
}

async function settingsPages(page: Page, url: string): Promise<string[]> {
  await page.goto(`${url}/settings/stages`);
  const links = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
  await links.first().waitFor();
  return links.evaluateAll((found) =>
    found.map((link) => new URL((link as HTMLAnchorElement).href).pathname),
  );
}

/** The tests of every page in one look; each look is a file of its own, as they take a while. */
export async function checkPages(
  look: Pick<BrowserContextOptions, "colorScheme" | "viewport">,
): Promise<void> {
  const product = await startDemo();
  const browser = await openBrowser();

  test("[UI1] [SI6] no page breaks a rule of axe-core, its own policy, or complains", async () => {
    const { page, context, errors } = await signIn(browser, product, product.password ?? "", undefined, look);
    const { complaints, open } = await watchPolicy(page, product.url);
    const settings = await settingsPages(page, product.url);
    expect(settings.length).toBeGreaterThan(5);
    const pages = { ...PAGES, ...Object.fromEntries(settings.map((path) => [path, "main h2"])) };
    for (const [path, shown] of Object.entries(pages)) {
      await open(path);
      await page.locator(shown).filter({ visible: true }).first().waitFor();
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
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("[UI2] every page has room on the narrowest phone, where fingers need larger controls", async () => {
    const narrow = { ...look, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
    const { page, context } = await signIn(browser, product, product.password ?? "", undefined, narrow);
    for (const [path, shown] of Object.entries(PAGES)) {
      await page.goto(product.url + path);
      await page.locator(shown).filter({ visible: true }).first().waitFor();
      expect.soft(await crowded(page), path).toEqual([]);
    }
    await context.close();
  });

  test("[UI2] a screen of half the height, as at 200 % zoom, scrolls a dialog to its end", async () => {
    const low = { ...look, viewport: { width: 720, height: 450 } };
    const { page, context } = await signIn(browser, product, product.password ?? "", undefined, low);
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keys" });
    await help.waitFor();
    const last = help.locator("dl").last();
    await last.scrollIntoViewIfNeeded();
    const [box, dialog] = [await last.boundingBox(), await help.boundingBox()];
    if (!box || !dialog) throw new Error("the keys are not drawn");
    expect(dialog.y + dialog.height).toBeLessThanOrEqual(450);
    expect(box.x + box.width).toBeLessThanOrEqual(dialog.x + dialog.width);
    expect(box.y + box.height).toBeLessThanOrEqual(dialog.y + dialog.height);
    await context.close();
  });

  test("[UI1] [SI6] nor does one before the sign-in", async () => {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    const { complaints, open } = await watchPolicy(page, product.url);
    for (const path of OPEN_PAGES) {
      await open(path);
      await page.locator("h1").first().waitFor();
      expect.soft(await violations(page), path).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await context.close();
  });
}
