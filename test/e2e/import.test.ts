import { expect, test } from "vitest";
import { column, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { startDemo } from "../support/product-process.ts";

const product = await startDemo();
const { password = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const jade = await signIn(browser, product, password, "jade@demo.example");
const { page } = ana;

const CSV = ["Handle;Full name;Pipeline stage;Deal value"]
  .concat(
    Array.from(
      { length: 30 },
      (_, i) => `fresh.lead.${i};Fresh ${i};Closed;${i === 4 ? "much" : "1.200,50"}`,
    ),
  )
  .join("\n");

test("[IM4] [IM5] a file is understood and checked before anything happens, then its contacts come in live", async () => {
  await jade.page.goto(`${product.url}/`);
  await column(jade.page, "Closed").waitFor();
  await page.goto(`${product.url}/contacts`);
  await page.getByRole("button", { name: "Import and export" }).click();
  await page.getByRole("menuitem", { name: "Import from CSV" }).click();
  await page.locator("input[type=file]").setInputFiles({
    name: "leads.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(CSV),
  });
  await page.getByText("Every row was checked").waitFor();
  expect(await page.getByRole("button", { name: "Column Handle: Username" }).count()).toBe(1);
  expect(await page.locator("[data-count=refused]").innerText()).toBe("1");
  await page.getByText('Deal value: "much" is no amount').waitFor();
  await page.getByRole("button", { name: "Import 29 contacts" }).click();
  await page.getByText("Imported", { exact: true }).waitFor();
  expect(await page.locator("[data-count=created]").innerText()).toBe("29");
  await jade.page.getByText("@fresh.lead.29").first().waitFor();
  // Coming back finds it as it ended.
  await page.reload();
  await page.getByText("Imported", { exact: true }).waitFor();
});

test("[EX1] the filtered list is saved as a file", async () => {
  await page.goto(`${product.url}/contacts?q=fresh.lead`);
  await page.getByRole("button", { name: "Import and export" }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Export this list as CSV" }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toMatch(/^contacts-\d{4}-\d\d-\d\d\.csv$/);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString().trim().split("\r\n")).toHaveLength(30);
});

test("[FS1] an organization with nothing in it is led to its first contact, and the step ticks itself", async () => {
  await page.goto(`${product.url}/organizations`);
  const made = await page.request.post(`${product.url}/api/v1/organizations`, {
    data: { name: "Brand new" },
    headers: { origin: product.url },
  });
  expect(made.ok()).toBe(true);
  await page.goto(`${product.url}/`);
  await page.getByRole("heading", { name: "Three steps to a live pipeline" }).waitFor();
  await page
    .locator("#first-steps")
    .locator("xpath=../..")
    .getByRole("button", { name: "Add contact" })
    .click();
  await page.getByLabel("Instagram handle").fill("first.one");
  await page.getByRole("dialog").getByRole("button", { name: "Add contact" }).click();
  await eventually(async () => expect(await page.locator("[data-step=done]").count()).toBe(1));
  await page.getByRole("button", { name: "I know my way" }).click();
  await page.reload();
  await column(page, "Outreach Sent").waitFor();
  expect(await page.getByRole("heading", { name: "Three steps to a live pipeline" }).count()).toBe(0);
  expect(ana.errors).toEqual([]);
});
