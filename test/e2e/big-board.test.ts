import { expect, test } from "vitest";
import { card, cardIds, column, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import type { ProductProcess } from "../support/launch-product.ts";
import { startDemo } from "../support/product-process.ts";
import type { Import } from "@dmtracker/shared/contracts/imports.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";

const CONTACTS = 10_000;
const product = await startDemo();
const browser = await openBrowser();

/** All of one stage, from a file: a call for each would take three times as long. */
async function importContacts({ url, token = "" }: ProductProcess): Promise<void> {
  const rows = Array.from({ length: CONTACTS }, (_, index) => `big.${index},Interested`);
  const uploaded = await fetch(`${url}/api/v1/imports?name=big.csv`, {
    method: "POST",
    headers: { "x-org-auth-token": token, "content-type": "text/csv" },
    body: ["username,stage", ...rows].join("\n"),
  });
  const { data } = (await uploaded.json()) as { data: Import };
  await call(url, "POST", `/imports/${data.id}/start`, { token, body: { mapping: data.mapping } });
  await eventually(async () => {
    const { body } = await call<Import>(url, "GET", `/imports/${data.id}`, { token });
    expect(body.data.run).toMatchObject({ state: "done", created: CONTACTS });
  }, 90_000);
}

test("rivals 34-37, 39: a board of 10,000 contacts shows true counts, draws few cards, scrolls to the end, stays live", async () => {
  const { token = "", password = "" } = product;
  await importContacts(product);
  const last = await call<ContactStatusAnswer>(product.url, "POST", "/organization/create-contact", {
    token,
    body: { username: "big.last", stage: "Interested" },
  });
  const { page, errors } = await signIn(browser, product, password);
  const label = await column(page, "Interested").getAttribute("aria-label");
  expect(Number(/, (\d+) contacts/.exec(label ?? "")?.[1])).toBeGreaterThan(CONTACTS);
  expect(await page.locator("[data-card]").count()).toBeLessThan(200);

  const list = column(page, "Interested").locator("[data-list]");
  await eventually(async () => {
    // The bottom is asked for again and again while pages arrive; the oldest card of the demo stands there.
    const isAtEnd = await list.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
      const cards = element.querySelectorAll("[data-card]");
      const lowest = Math.max(...[...cards].map((drawn) => drawn.getBoundingClientRect().bottom));
      return cards.length > 0 && Math.abs(lowest - element.getBoundingClientRect().bottom) < 40;
    });
    expect(isAtEnd).toBe(true);
  }, 30_000);
  expect(await page.locator("[data-card]").count()).toBeLessThan(200);

  await list.evaluate((element) => {
    element.scrollTop = 0;
  });
  const moved = last.body.data.contact_id;
  await call(product.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: moved, stage: "Closed" },
  });
  await eventually(async () => expect((await cardIds(page, "Closed"))[0]).toBe(moved));
  expect(await card(page, moved).count()).toBe(1);
  expect(errors).toEqual([]);
});
