import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { card, cardIds, drag, gapAbove, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const marcus = await signIn(browser, product, password, "marcus@demo.example");

async function openContacts(query: string): Promise<Contact[]> {
  const { body } = await call<ContactListPage>(product.url, "GET", `/contacts?limit=10&${query}`, { token });
  return body.data.contacts;
}

async function statuses(ids: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(
    ids.map((id) => call<{ contact: Contact }>(product.url, "GET", `/contacts/${id}`, { token })),
  );
  return answers.map(({ body }) => body.data.contact.leadStatus);
}

const row = (page: Page, id: string) => page.locator(`[data-row="${id}"]`);
const bar = (page: Page) => page.getByRole("region", { name: "Selected contacts" });

test("[BK1] [UN5] [UN7] three are abandoned as one act, a second browser sees it, and Ctrl+Z brings them back", async () => {
  const { page } = ana;
  await page.goto(`${product.url}/contacts`);
  await page.locator("[data-row]").nth(6).waitFor();
  const ids = await page
    .locator("[data-row]")
    .evaluateAll((rows) => rows.slice(0, 3).map((element) => element.getAttribute("data-row") ?? ""));
  const before = await statuses(ids);
  for (const id of ids) await row(page, id).getByRole("checkbox").click();
  await bar(page).getByText("3 selected").waitFor();
  await bar(page).getByRole("button", { name: "Lead Status" }).click();
  await page.getByRole("menuitem", { name: "Abandoned" }).click();
  await page.getByText("Marked as Abandoned: 3 contacts").waitFor();
  await bar(page).waitFor({ state: "hidden" });
  // The bar has gone, and the focus with it is where it was before.
  await eventually(async () =>
    expect(
      await row(page, ids[2] ?? "")
        .getByRole("checkbox")
        .evaluate((box) => box === document.activeElement),
    ).toBe(true),
  );
  await marcus.page.goto(`${product.url}/contacts`);
  for (const id of ids)
    await row(marcus.page, id)
      .getByRole("button", { name: /Abandoned/ })
      .waitFor();
  await page.keyboard.press("Control+z");
  await page.getByText(/^Undone: .*3 contacts/).waitFor();
  await eventually(async () => expect(await statuses(ids)).toEqual(before));
  for (const id of ids)
    await eventually(async () =>
      expect(
        await row(marcus.page, id)
          .getByRole("button", { name: /Abandoned/ })
          .count(),
      ).toBe(0),
    );
});

test("[BK9] cards chosen with Ctrl and Shift are dragged together, others hear it in one sentence, Escape lets them go", async () => {
  const { page } = ana;
  await page.goto(product.url);
  await marcus.page.goto(product.url);
  for (const person of [ana, marcus]) await person.page.locator("[data-card]").first().waitFor();
  const heard = marcus.page.locator("[aria-live=polite]").filter({ hasText: "3 cards" });
  const [first = "", second = "", third = ""] = await cardIds(page, "Outreach Sent");
  await card(page, first).click({ modifiers: ["ControlOrMeta"], position: { x: 40, y: 90 } });
  await card(page, third).click({ modifiers: ["Shift"], position: { x: 40, y: 90 } });
  await bar(page).getByText("3 selected").waitFor();
  await page.keyboard.press("Escape");
  await bar(page).waitFor({ state: "hidden" });
  for (const id of [first, second, third])
    await card(page, id).click({ modifiers: ["ControlOrMeta"], position: { x: 40, y: 90 } });
  await bar(page).getByText("3 selected").waitFor();
  await drag(page, card(page, second), await gapAbove(page, "Interested", 0));
  await page.getByText("Moved to Interested: 3 contacts").waitFor();
  await eventually(async () =>
    expect((await cardIds(page, "Interested")).slice(0, 3)).toEqual([first, second, third]),
  );
  await eventually(async () =>
    expect((await cardIds(marcus.page, "Interested")).slice(0, 3)).toEqual([first, second, third]),
  );
  await heard.waitFor({ state: "attached" });
});

test("[RV5] [RV1] [RV3] an admin sees what a token did and takes it back; a member does not see the page", async () => {
  const ids = (await openContacts("status=open")).slice(0, 3).map(({ id }) => id);
  for (const id of ids)
    await call(product.url, "PATCH", "/contact/contact-status", {
      token,
      body: { contact_id: id, status: "abandoned" },
    });
  const { page } = marcus;
  await page.goto(`${product.url}/settings/reverse-changes`);
  await page.getByRole("button", { name: /^Whose changes/ }).click();
  await page.getByText("An API token", { exact: true }).click();
  await page.getByRole("button", { name: /^Which/ }).click();
  await page.getByText("Demo script", { exact: true }).click();
  const preview = page.getByRole("region", { name: "Preview" });
  await preview
    .getByText(/from Abandoned to Open/)
    .first()
    .waitFor();
  expect(await preview.getByText(/from Abandoned to Open/).count()).toBe(3);
  await preview.getByRole("button", { name: "Reverse 3 contacts" }).click();
  await page.getByRole("region", { name: "Result" }).getByText("Demo script: 3 contacts").waitFor();
  expect(await statuses(ids)).toEqual(["open", "open", "open"]);
  const jade = await signIn(browser, product, password, "jade@demo.example");
  await jade.page.goto(`${product.url}/settings/tags`);
  const navigation = jade.page.getByRole("navigation", { name: "Settings" });
  await navigation.getByRole("link", { name: "Tags" }).waitFor();
  expect(await navigation.getByRole("link", { name: "Reverse changes" }).count()).toBe(0);
  for (const person of [ana, marcus, jade]) expect(person.errors).toEqual([]);
});
