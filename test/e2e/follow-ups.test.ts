import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { FollowUpsPage } from "@dmtracker/shared/contracts/follow-ups.ts";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { cardIds, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const { page } = ana;

async function loadContact(contactId: string): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${contactId}`, { token });
  return body.data.contact;
}

async function totals(): Promise<FollowUpsPage["totals"]> {
  const { body } = await call<FollowUpsPage>(product.url, "GET", "/follow-ups?limit=1", { token });
  return body.data.totals;
}

const section = (where: Page, name: string) => where.getByRole("region", { name, exact: true });
const row = (where: Page, id: string) => where.locator(`[data-follow-up="${id}"]`);
const rowIds = (name: string) =>
  section(page, name)
    .locator("[data-follow-up]")
    .evaluateAll((rows) => rows.map((element) => element.getAttribute("data-follow-up") ?? ""));
const focusedRow = () =>
  page.evaluate(
    () => document.activeElement?.getAttribute("data-follow-up-link") ?? document.activeElement?.tagName,
  );

test("[FU6] [FU8] the page shows what is overdue, due today and upcoming, mine or everyone's, with true numbers", async () => {
  await page.getByRole("link", { name: "Follow-Ups" }).first().click();
  await page.locator("[data-follow-up]").first().waitFor();
  const mine = (await rowIds("Overdue")).length;
  await page.getByText("Everyone", { exact: true }).click();
  await page.waitForURL("**/follow-ups?whose=everyone");
  await eventually(async () => {
    const { overdue, today, upcoming } = await totals();
    expect((await rowIds("Overdue")).length).toBe(overdue);
    expect((await rowIds("Today")).length).toBe(today);
    expect((await rowIds("Upcoming")).length).toBe(upcoming);
    expect(overdue).toBeGreaterThan(mine);
  });
  expect(
    await section(page, "Overdue")
      .getByText(/days? late/)
      .count(),
  ).toBeGreaterThan(0);
  await page.reload();
  await page.locator("[data-follow-up]").first().waitFor();
  expect(await page.getByLabel("Everyone", { exact: true }).isChecked()).toBe(true);
});

test("[FU2] [DR1] a reply that comes by the API makes a contact due now, on the page that is open", async () => {
  const reply = {
    manychat_id: 987_001,
    username: "somebody.new",
    message_content: "I would love to know more",
  };
  await call(product.url, "POST", "/contact/default-reply", { token, body: reply });
  const mine = section(page, "Today").locator("[data-follow-up]").filter({ hasText: "@somebody.new" });
  await mine.waitFor();
  expect(await mine.innerText()).toContain("I would love to know more");
  const id = (await rowIds("Upcoming"))[0] ?? "";
  const { username } = await loadContact(id);
  const body = { manychat_id: 987_002, username, message_content: "Sorry for the wait, yes!" };
  await call(product.url, "POST", "/contact/default-reply", { token, body });
  await eventually(async () => expect(await rowIds("Today")).toContain(id));
  expect(await row(page, id).innerText()).toContain("Sorry for the wait, yes!");
});

test("[FU7] without a mouse: j, c completes, z snoozes, a assigns, and the work goes on in the next row", async () => {
  const [first = "", second = "", third = "", fourth = ""] = await rowIds("Overdue");
  await page.locator("body").focus();
  await page.locator(`[data-follow-up-link="${first}"]`).focus();
  await page.keyboard.press("c");
  await eventually(async () => expect(await focusedRow()).toBe(second));
  await eventually(async () => expect((await loadContact(first)).followUp).toBeNull());
  expect(await row(page, first).count()).toBe(0);
  await page.keyboard.press("z");
  await page.getByRole("menuitem", { name: /Tomorrow/ }).waitFor();
  await page.keyboard.press("Enter");
  await eventually(async () => expect(await focusedRow()).toBe(third));
  await eventually(async () => expect(await rowIds("Upcoming")).toContain(second));
  // The row goes at once, the server's answer comes after it.
  await eventually(async () => {
    const { followUp } = await loadContact(second);
    expect(Date.parse(followUp?.dueAt ?? "")).toBeGreaterThan(Date.now());
  });
  await page.keyboard.press("a");
  await page.getByRole("menuitemradio", { name: "Jade Okoye" }).click();
  const jade = page.getByRole("button", { name: /Assigned to Jade Okoye/ });
  await eventually(async () =>
    expect(
      await row(page, third)
        .and(row(page, third).filter({ has: jade }))
        .count(),
    ).toBe(1),
  );
  await eventually(async () => expect(await focusedRow()).toBe(third));
  await page.keyboard.press("z");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("Escape");
  await eventually(async () => expect(await focusedRow()).toBe(third));
  await page.keyboard.press("j");
  await eventually(async () => expect(await focusedRow()).toBe(fourth));
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/contacts/${third}`);
  await page.getByRole("region", { name: "Contact" }).getByRole("heading").first().waitFor();
  await page.keyboard.press("Escape");
  await eventually(async () => expect(await focusedRow()).toBe(third));
});

test("[FU7] a day of one's own, with a note", async () => {
  const id = (await rowIds("Today"))[0] ?? "";
  await row(page, id)
    .getByRole("button", { name: /Snooze or reschedule/ })
    .click();
  await page.getByRole("menuitem", { name: /Pick a day/ }).click();
  const dialog = page.getByRole("dialog");
  const day = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10);
  await dialog.getByLabel("Day").fill(day);
  await dialog.getByLabel("Note").fill("Send the offer");
  await dialog.getByRole("button", { name: "Save" }).click();
  await eventually(async () => expect(await rowIds("Upcoming")).toContain(id));
  expect(await row(page, id).innerText()).toContain("Send the offer");
  expect((await loadContact(id)).followUp).toMatchObject({
    dueAt: `${day}T09:00:00.000Z`,
    note: "Send the offer",
  });
});

test("[FU1] [FU5] on the contact page logging outreach plans the next step, and an outcome ends it", async () => {
  await page.goto(product.url);
  await page.locator("[data-card]").first().waitFor();
  const ids = await cardIds(page, "Outreach Sent");
  const contacts = await Promise.all(ids.map(loadContact));
  const contact = contacts.find(({ leadStatus, followUp }) => leadStatus === "open" && followUp?.step === 1);
  if (!contact) throw new Error("the demo has nobody who was written to once");
  await page.goto(`${product.url}/contacts/${contact.id}`);
  const form = page.getByRole("form", { name: "Write" });
  await form.getByText("Sent").click();
  await form.getByRole("textbox").fill("Did you see my message?");
  await page.keyboard.press("Control+Enter");
  const activity = page.getByRole("region", { name: "Activity" });
  await activity
    .getByText(/Next follow-up on/)
    .first()
    .waitFor();
  await eventually(async () => expect((await loadContact(contact.id)).followUp?.step).toBe(2));
  // Older lines speak of follow-ups too: the newest one is waited for.
  await eventually(async () => {
    const newest = await activity.getByRole("listitem").first().innerText();
    expect(newest).toContain("Did you see my message?");
    expect(newest).toContain("step 2 of the cadence");
  });
  await page
    .getByRole("region", { name: "Contact info" })
    .getByRole("button", { name: /^Lead status of/ })
    .click();
  await page.getByRole("menuitemradio", { name: "Abandoned" }).click();
  await activity.getByText("Follow-up ended").first().waitFor();
  await page.getByRole("button", { name: "Follow-up: none. Schedule" }).click();
  await page.getByRole("menuitem", { name: /In 3 days/ }).click();
  await activity
    .getByText(/scheduled a follow-up for/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Complete the follow-up" }).click();
  await activity
    .getByText(/completed the follow-up/)
    .first()
    .waitFor();
});

test("[FU4] whose cadence ended without an answer stands below what is due, to be abandoned or started again", async () => {
  const ids: string[] = [];
  for (const name of ["silent.one", "silent.two", "silent.three"]) {
    const made = await call<{ contact_id: string }>(product.url, "POST", "/organization/create-contact", {
      token,
      body: { username: name },
    });
    ids.push(made.body.data.contact_id);
  }
  for (const id of ids) {
    await page.goto(`${product.url}/contacts/${id}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (let step = 0; step < 5; step += 1) {
      await page.keyboard.press("o");
      await page.keyboard.type(`Message ${step}`);
      await page.keyboard.press("Control+Enter");
      await page.keyboard.press("Escape");
    }
    await page.getByText("Every follow-up was written, and no answer came.").waitFor();
  }
  await page.goto(`${product.url}/follow-ups?whose=everyone`);
  const ended = section(page, "Cadence ended");
  const rows = ids.map((id) => ended.locator(`[data-ended="${id}"]`));
  for (const one of rows) await one.waitFor();
  if (process.env.FILM_STRIP) await ended.screenshot({ path: `${process.env.FILM_STRIP}/ended.png` });
  await rows[0]?.getByRole("button", { name: "Start again" }).click();
  await eventually(async () => expect(await rowIds("Today")).toContain(ids[0]));
  await rows[0]?.waitFor({ state: "detached" });
  await rows[1]?.getByRole("button", { name: "Abandon", exact: true }).click();
  await rows[1]?.waitFor({ state: "detached" });
  await eventually(async () => expect((await loadContact(ids[1] ?? "")).leadStatus).toBe("abandoned"));
});

test("[FU8] when nothing is due the page says what comes next", async () => {
  const jade = await signIn(browser, product, password, "jade@demo.example");
  const where = jade.page;
  await where.goto(`${product.url}/follow-ups`);
  await where.locator("[data-follow-up]").first().waitFor();
  for (const name of ["Overdue", "Today"]) {
    for (;;) {
      const button = section(where, name).getByRole("button", { name: /^Complete the follow-up/ });
      const left = await button.count();
      if (left === 0) break;
      await button.first().click();
      await eventually(async () => expect(await button.count()).toBe(left - 1));
    }
  }
  await where.getByText("Nothing due").waitFor();
  await where.getByText(/^Next: .+, \d+ contacts?\.$/).waitFor();
  await jade.context.close();
});

test("no page has thrown anything", () => {
  expect(ana.errors).toEqual([]);
});
