import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { expect, test } from "vitest";
import { openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

// Two people have the same contact open, and a third one looks at everything that happens.

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const marcus = await signIn(browser, product, password, "marcus@demo.example");

const list = await call<ContactListPage>(product.url, "GET", "/contacts?status=open&limit=1", { token });
const [contact] = list.body.data.contacts;
if (!contact) throw new Error("the demo has no Open contact");
const { id, username } = contact;

async function load(): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${id}`, { token });
  return body.data.contact;
}

const line = (text: RegExp) =>
  ana.page.getByRole("region", { name: "Activity" }).getByRole("listitem").filter({ hasText: text }).first();

for (const { page } of [ana, marcus]) {
  await page.goto(`${product.url}/contacts/${id}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
}

test("[PK1] [PK3] p parks the contact, others see it at once on page and list, and a reply wakes it", async () => {
  const { page } = ana;
  await page.keyboard.press("p");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type("month");
  await page.getByRole("option", { name: /For a month/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await eventually(async () => expect((await load()).parked).not.toBeNull());
  await marcus.page.getByRole("button", { name: /Parked until/ }).waitFor();
  await line(/parked .* until/).waitFor();

  await marcus.page.goto(`${product.url}/contacts?parked=yes`);
  const row = marcus.page.locator(`[data-row="${id}"]`);
  await row.getByRole("img", { name: "Parked until" }).waitFor();

  const reply = { manychat_id: 770_001, username, message_content: "I am back already" };
  await call(product.url, "POST", "/contact/default-reply", { token, body: reply });
  await page.getByRole("button", { name: /Parked: no/ }).waitFor();
  await eventually(async () => expect(await load()).toMatchObject({ parked: null, leadStatus: "open" }));
  await row.getByText("left this view").or(marcus.page.getByText("No contact matches")).first().waitFor();
  await line(/woke up/).waitFor();
});

test("[CC8] who types while somebody else saves sees both values and the original, and decides", async () => {
  const { page } = marcus;
  await page.goto(`${product.url}/contacts/${id}`);
  await page.getByRole("button", { name: /^Phone:/ }).click();
  await page.keyboard.insertText("+49 30 111");
  await ana.page.getByRole("button", { name: /^Phone:/ }).click();
  await ana.page.keyboard.insertText("+49 30 222");
  await ana.page.keyboard.press("Enter");
  const both = page.locator("[data-meanwhile]");
  await both.getByText("+49 30 222").waitFor();
  expect(await both.innerText()).toContain(contact.phone ?? "empty");
  expect(await both.innerText()).toContain("Ana");
  expect((await load()).phone).toBe("+49 30 222");
  await both.getByRole("button", { name: /Take mine/ }).click();
  await eventually(async () => expect((await load()).phone).toBe("+49 30 111"));
  await ana.page.getByRole("button", { name: /^Phone: \+49 30 111/ }).waitFor();
});

test("[AC2] [AC5] the stream of the organization shows both hands as they work, and only what is asked for", async () => {
  const { page } = marcus;
  await page.goto(`${product.url}/activity?q=${username}`);
  const lines = page.getByRole("listitem");
  await lines.filter({ hasText: "+49 30 111" }).first().waitFor();
  await ana.page.keyboard.press("Escape");
  await call(product.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: id, status: "lost", lost_reason: "Said no" },
  });
  const newest = lines.filter({ hasText: "Said no" }).first();
  await newest.waitFor();
  expect(await newest.innerText()).toContain("via API");
  expect(await newest.innerText()).toContain(username);
  for (const person of [ana, marcus]) expect(person.errors).toEqual([]);
});
