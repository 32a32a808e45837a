import { readFile } from "node:fs/promises";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

const product = await startDemo();
const { password = "", token = "", url } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);

const opened = await call<{ contacts: Contact[] }>(url, "GET", "/contacts?status=open&limit=3", { token });
const [kim, lea, zoe] = opened.body.data.contacts as [Contact, Contact, Contact];

async function setStatus(contact: Contact, status: string, value?: number): Promise<void> {
  const body = { contact_id: contact.id, status, ...(value === undefined ? {} : { value }) };
  const answer = await call(url, "PATCH", "/contact/contact-status", { token, body });
  expect(answer.status, answer.body.message).toBe(200);
}

const lines = (page: Page) => page.getByRole("region", { name: "Latest wins" }).getByRole("listitem");
const firstLine = (page: Page) => lines(page).first().innerText();

test("[WN1] [WN2] [WN5] [WN6] [WN7] a win shows once on the wall and on the TV, also after a cut; reopened it is crossed out; a revoked screen says so", async () => {
  await ana.page.getByRole("link", { name: "Wins", exact: true }).first().click();
  await ana.page.getByRole("button", { name: "TV links" }).click();
  await ana.page.getByLabel("Name of the screen").fill("Sales floor");
  await ana.page.getByRole("button", { name: "Create TV link" }).click();
  const address = await ana.page.getByLabel("Address for the screen").inputValue();
  await ana.page.keyboard.press("Escape");

  const room = await browser.newContext({ viewport: { width: 1920, height: 1080 }, reducedMotion: "reduce" });
  const tv = await room.newPage();
  await tv.goto(address);
  await tv.getByText("Live", { exact: true }).last().waitFor();
  const before = await lines(tv).count();

  await setStatus(kim, "won", 777);
  await eventually(async () => {
    expect(await firstLine(ana.page)).toContain(`@${kim.username}`);
    expect(await firstLine(ana.page)).toContain("777");
    expect(await firstLine(tv)).toContain("777");
  });
  expect(await firstLine(tv)).toContain("a contact");
  expect(await tv.content()).not.toContain(kim.username);
  expect(await lines(tv).count()).toBe(before + 1);

  await room.setOffline(true);
  await setStatus(lea, "won", 555);
  await setStatus(zoe, "won", 333);
  await eventually(async () => expect(await firstLine(ana.page)).toContain("333"));
  await room.setOffline(false);
  await eventually(async () => expect(await firstLine(tv)).toContain("333"), 40_000);
  expect(await lines(tv).count()).toBe(before + 3);
  await tv.reload();
  await eventually(async () => expect(await lines(tv).count()).toBe(before + 3));

  await setStatus(lea, "open");
  for (const page of [ana.page, tv])
    await eventually(async () => {
      const crossed = lines(page).filter({ hasText: "555" });
      expect(await crossed.innerText()).toContain("Reopened");
    });
  await eventually(async () => expect(await lines(tv).count()).toBe(before + 2), 20_000);

  await ana.page.getByRole("button", { name: "TV links" }).click();
  await ana.page.getByRole("button", { name: "Revoke Sales floor" }).click();
  await tv.getByRole("heading", { name: "This TV link was revoked" }).waitFor();
  await ana.page.keyboard.press("Escape");
  await room.close();
});

test("[RP3] [RP4] [RP6] a report counts what just happened, its numbers lead to the contacts, its tables leave as files", async () => {
  const { page } = ana;
  await page.goto(`${url}/reports?period=today`);
  const figure = page.locator("dl > div").filter({ hasText: "Won" }).first().getByRole("link");
  await figure.waitFor();
  const won = Number(await figure.innerText());
  expect(won).toBeGreaterThanOrEqual(2);
  await setStatus(lea, "won");
  await eventually(async () => expect(Number(await figure.innerText())).toBe(won + 1));

  const table = page.getByRole("table", { name: "Outcome by the stage it came from" });
  const cell = table.getByRole("row").nth(1).getByRole("link").first();
  const count = Number(await cell.innerText());
  await cell.click();
  await page.getByText(`${count} ${count === 1 ? "contact" : "contacts"}`, { exact: true }).waitFor();
  await eventually(async () =>
    expect(await page.getByRole("main").getByRole("listitem").count()).toBe(count),
  );
  await page.goBack();

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV of Members" }).click();
  const text = await readFile(await (await download).path(), "utf8");
  expect(text.split("\n")[0]).toContain("Member,Messages,Contacted");
  expect(text).toContain("Ana Ferreira");

  await figure.click();
  await page.waitForURL(/\/contacts\?status=won&date=status_changed:/);
  await page.getByText(`@${lea.username}`).first().waitFor();
  expect(ana.errors).toEqual([]);
});
