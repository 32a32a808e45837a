import { join } from "node:path";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { expect, test } from "vitest";
import { card, cardIds, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { makeDataDir, startDemo } from "../support/product-process.ts";

const downloads = await makeDataDir();
const product = await startDemo({ SIGN_UP: "open" });
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const marcus = await signIn(browser, product, password, "marcus@demo.example");

test("[RM2] [RM7] a contact that is removed leaves the other's board, its open page says by whom, and restores it", async () => {
  const [id = ""] = await cardIds(ana.page, "Interested");
  await marcus.page.goto(`${product.url}/contacts/${id}`);
  await marcus.page.getByRole("button", { name: "More about this contact" }).waitFor();
  const watching = await signIn(browser, product, password, "jade@demo.example");
  await card(watching.page, id).waitFor();
  await ana.page.goto(`${product.url}/contacts/${id}`);
  await ana.page.getByRole("button", { name: "More about this contact" }).click();
  await ana.page.getByRole("menuitem", { name: "Remove contact" }).click();
  await ana.page.getByRole("button", { name: "Remove", exact: true }).click();
  await card(watching.page, id).waitFor({ state: "detached" });
  await marcus.page.getByRole("heading", { name: /was removed by Ana/ }).waitFor();
  await marcus.page.getByRole("button", { name: "Restore" }).click();
  await marcus.page.getByRole("button", { name: "More about this contact" }).waitFor();
  await card(watching.page, id).waitFor();
  expect([...ana.errors, ...marcus.errors, ...watching.errors]).toEqual([]);
  await watching.context.close();
});

test("[OE4] an organization is exported to a file and imported into a new one, which then has its board", async () => {
  const { page } = ana;
  await page.goto(`${product.url}/settings/data`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export everything" }).click(),
  ]);
  const file = join(downloads, "northwind.jsonl.gz");
  await download.saveAs(file);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
  });
  const zoe = await context.newPage();
  await zoe.goto(`${product.url}/sign-up`);
  await zoe.locator("input[name=organization]").fill("Second");
  await zoe.locator("input[name=name]").fill("Zoe");
  await zoe.locator("input[name=email]").fill("zoe@second.example");
  await zoe.locator("input[name=password]").fill("correct horse battery");
  await zoe.locator("button[type=submit]:enabled").click();
  await zoe.waitForURL(/pipeline/);
  await zoe.goto(`${product.url}/settings/data`);
  await zoe.getByLabel("Exported organization").setInputFiles(file);
  await zoe.getByText("Northwind Growth").waitFor();
  await zoe.getByText(/these are no members here: Ana/).waitFor();
  await zoe.getByRole("button", { name: "Import it here" }).click();
  await zoe.getByRole("button", { name: "Open the pipeline" }).click();
  await zoe.locator("[data-card]").first().waitFor();
  const { body } = await call<ContactListPage>(product.url, "GET", "/contacts?limit=1", { token });
  await zoe.goto(`${product.url}/contacts`);
  await eventually(async () =>
    expect(await zoe.locator("body").innerText()).toContain(`${body.data.total} contacts`),
  );
  await context.close();
});
