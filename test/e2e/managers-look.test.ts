import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

// A manager works off the review queue; an admin has the same queue open.

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const marcus = await signIn(browser, product, password, "marcus@demo.example");

const QUEUE = "status=open&quiet=14&parked=no&sort=last_activity&direction=asc";

async function queue(limit = 10): Promise<ContactListPage> {
  const { body } = await call<ContactListPage>(product.url, "GET", `/contacts?${QUEUE}&limit=${limit}`, {
    token,
  });
  return body.data;
}

async function load(id: string): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${id}`, { token });
  return body.data.contact;
}

const row = (page: Page, id: string) => page.locator(`[data-row="${id}"]`);
const all = (page: Page) => page.getByRole("group", { name: "Stages" }).getByRole("button").first();
const counted = (page: Page, count: number) =>
  eventually(async () => expect(await all(page).innerText()).toMatch(new RegExp(`\\b${count}$`)));

for (const { page } of [ana, marcus]) {
  await page.goto(`${product.url}/review`);
  await page.locator("[data-row]").first().waitFor();
}

test("[RQ1] [RQ4] e, 4 and p decide about one contact after the other, and a second browser follows", async () => {
  const { contacts, total } = await queue();
  const [first, second, third, fourth] = contacts.map(({ id }) => id) as [string, string, string, string];
  const { page } = ana;
  await counted(page, total);
  await counted(marcus.page, total);
  await page.locator(`[data-row-link="${first}"]`).focus();
  await page.keyboard.press("e");
  await page.locator(`[data-row-link="${second}"]:focus`).waitFor();
  await page.keyboard.press("4");
  await page.locator(`[data-row-link="${third}"]:focus`).waitFor();
  await page.keyboard.press("p");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type("month");
  await page.getByRole("option", { name: /For a month/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  for (const id of [first, second, third]) await row(marcus.page, id).waitFor({ state: "detached" });
  await row(marcus.page, fourth).waitFor();
  await counted(page, total - 3);
  await counted(marcus.page, total - 3);
  const [again, abandoned, parked] = await Promise.all([first, second, third].map(load));
  expect(again?.followUp).toMatchObject({ step: null });
  expect(again?.followUpStep).toBe(0);
  expect(abandoned?.leadStatus).toBe("abandoned");
  expect(parked?.parked).not.toBeNull();
});

test("[RQ2] what is chosen is re-engaged as one act, and Ctrl+Z takes it back", async () => {
  const { contacts, total } = await queue();
  const ids = contacts.slice(0, 3).map(({ id }) => id);
  const { page } = ana;
  await page.reload();
  await row(page, ids[0] ?? "").waitFor();
  await page.locator(`[data-row-link="${ids[0]}"]`).focus();
  for (let index = 0; index < ids.length; index += 1) {
    await page.keyboard.press("x");
    await page.keyboard.press("j");
  }
  await page.getByRole("button", { name: "Re-engage" }).click();
  await page.getByText("Started the cadence again: 3 contacts").waitFor();
  await counted(marcus.page, total - 3);
  for (const id of ids) await row(marcus.page, id).waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  // What happened is activity: they are not silent any more, but nothing is planned for them.
  await eventually(async () => expect((await load(ids[0] ?? "")).followUp).toEqual(contacts[0]?.followUp));
});

test("[RQ1] a stage's count leads to its queue, and the days are part of the address", async () => {
  const { page } = ana;
  const { by_stage: byStage } = await queue(1);
  const stage = page.getByRole("group", { name: "Stages" }).getByRole("button", { name: /^Interested/ });
  await stage.click();
  await eventually(() => expect(new URL(page.url()).searchParams.get("stage")).toBeTruthy());
  const stageId = new URL(page.url()).searchParams.get("stage") ?? "";
  await eventually(async () =>
    expect(await page.getByRole("grid", { name: "Contacts" }).getAttribute("aria-rowcount")).toBe(
      String((byStage[stageId]?.count ?? 0) + 1),
    ),
  );
  await page.getByLabel("Days without activity").fill("3000");
  await page.keyboard.press("Enter");
  await page.getByText("Nobody has gone quiet").waitFor();
  expect(new URL(page.url()).searchParams.get("quiet")).toBe("3000");
  await page.goBack();
  await page.locator("[data-row]").first().waitFor();
});

test("[RQ3] Lost and Abandoned stand by the stage they came from; those chosen are reopened, due now", async () => {
  const { page } = ana;
  await page.getByText("Lost and Abandoned", { exact: true }).click();
  const table = page.getByRole("group", { name: "Lost and Abandoned by stage" });
  const link = table.getByRole("link", { name: /abandoned, came from/ }).first();
  const count = Number.parseInt(await link.innerText(), 10);
  await link.click();
  await eventually(async () => expect(await page.locator("[data-given-up]").count()).toBe(count));
  await page.locator("[data-given-up]").getByText("Abandoned").first().waitFor();
  const id = (await page.locator("[data-given-up]").first().getAttribute("data-given-up")) ?? "";
  await page.locator(`[data-given-up="${id}"] input`).check();
  await page.getByRole("button", { name: "Reopen and re-engage" }).click();
  await page.locator(`[data-given-up="${id}"]`).waitFor({ state: "detached" });
  const contact = await load(id);
  expect(contact.leadStatus).toBe("open");
  expect(contact.followUp).not.toBeNull();
  expect(ana.errors).toEqual([]);
});

test("[TM3] the board at a past moment is reached from the board's menu, walked by keys and left again", async () => {
  const { page } = ana;
  await page.goto(product.url);
  await page.locator("[data-card]").first().waitFor();
  const board = page.url();
  const stage = page.locator("[data-column]").first();
  const shown = async () => [
    await stage.getAttribute("aria-label"),
    await stage.locator("[data-card]").first().getAttribute("data-card"),
  ];
  const before = await shown();
  await page.getByRole("button", { name: "The board's past" }).click();
  await page.getByRole("menuitem", { name: "The board at a past moment" }).click();
  await page.locator("[data-past-card]").first().waitFor();
  const at = () => Date.parse(new URL(page.url()).searchParams.get("at") ?? "");
  const from = at();
  await page.getByRole("slider", { name: "Moment" }).focus();
  await page.keyboard.press("PageDown");
  await eventually(() => expect(at()).toBe(from - 86_400_000));
  await page.locator('[data-past][aria-busy="false"]').waitFor();
  await page.keyboard.press("Shift+ArrowRight");
  await eventually(() => expect(at()).toBe(from - 86_400_000 + 60_000));
  await page.locator('[data-past][aria-busy="false"]').waitFor();
  // Nothing can be taken into the hand there.
  expect(await page.locator("[data-card], [data-past] button[aria-haspopup]").count()).toBe(0);
  const shared = page.url();
  await page.getByRole("link", { name: "Back to now" }).click();
  await page.locator("[data-card]").first().waitFor();
  expect(page.url()).toBe(board);
  expect(await shown()).toEqual(before);
  await marcus.page.goto(shared);
  await marcus.page.locator("[data-past-card]").first().waitFor();
  await marcus.page.goto(`${board}?at=2020-01-01T00:00:00Z`);
  await marcus.page.getByText("This moment cannot be shown").waitFor();
});

test("[TM4] what moved is counted live for the stand-up, and each number leads to its contacts", async () => {
  const { page } = ana;
  await page.keyboard.press("Control+k");
  await page.keyboard.type("what moved");
  await page.getByRole("option", { name: /What moved since yesterday/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  const tile = (label: string) =>
    page.locator("dl > div").filter({ has: page.getByText(label, { exact: true }) });
  await tile("Reopened").waitFor();
  const won = Number(await tile("Won").getByRole("link").innerText());
  const { contacts } = await queue(1);
  const [contact] = contacts;
  if (!contact) throw new Error("nobody is left in the queue");
  const body = { contact_id: contact.id, status: "won" };
  await call(product.url, "PATCH", "/contact/contact-status", { token, body });
  await eventually(async () => expect(await tile("Won").getByRole("link").innerText()).toBe(String(won + 1)));
  await tile("Won").getByRole("link").click();
  await eventually(async () => expect(await page.locator("[data-move]").count()).toBe(won + 1));
  await page.locator(`[data-move="${contact.id}"]`).getByText("Won").waitFor();
  expect(ana.errors).toEqual([]);
});
