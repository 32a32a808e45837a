import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { SavedView } from "@dmtracker/shared/contracts/view.ts";
import { expect, test } from "vitest";
import { card, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

// A rep's day without the mouse: nothing in this file clicks.

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const marcus = await signIn(browser, product, password, "marcus@demo.example");
const { page } = ana;
const { keyboard } = page;

async function loadContact(contactId: string): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${contactId}`, { token });
  return body.data.contact;
}

async function stageId(name: string): Promise<string> {
  type Answer = { pipelines: { stages: { id: string; name: string }[] }[] };
  const { body } = await call<Answer>(product.url, "GET", "/pipelines", { token });
  return body.data.pipelines[0]?.stages.find((stage) => stage.name === name)?.id ?? "";
}

const focusedRow = () =>
  page.evaluate(() => document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset.row);
const palette = page.getByRole("combobox");
const panel = page.getByRole("region", { name: "Contact", exact: true });
/** A list that is being asked anew still shows the rows from before. */
const listShown = () => page.locator('[data-contact-table][aria-busy="false"] [data-row]').first().waitFor();
const openedId = () => /\/contacts\/([0-9a-f]{24})$/.exec(page.url())?.[1];

async function ask(text: string): Promise<void> {
  await keyboard.press("Control+k");
  await palette.waitFor();
  await keyboard.type(text);
}

test("[KB3] [SV5] the palette leads to a page, a filter becomes a shared view, and the palette finds that view", async () => {
  await ask("contacts");
  await page.getByRole("option", { name: "Contacts", exact: true, selected: true }).waitFor();
  await keyboard.press("Enter");
  await page.waitForURL("**/contacts");
  await page.locator("[data-row]").first().waitFor();

  // A ready-made view to begin with: the guide's first combination.
  await keyboard.press("v");
  await page.getByRole("button", { name: "Warm leads" }).focus();
  await keyboard.press("Enter");
  await page.waitForURL(/status=open&stage=[0-9a-f]{24}$/);
  await keyboard.press("v");
  await page.getByRole("button", { name: "Save as a new view" }).focus();
  await keyboard.press("Enter");
  await page.getByLabel("Name").fill("Warm and ours");
  await page.getByLabel("Share with everyone").focus();
  await keyboard.press("Space");
  await keyboard.press("Enter");
  await page.waitForURL(/view=[0-9a-f]{24}/);
  await keyboard.press("Escape");
  const { body } = await call<{ views: SavedView[] }>(product.url, "GET", "/views", { token });
  expect(body.data.views.map(({ name, shared }) => [name, shared])).toEqual([["Warm and ours", true]]);

  // Somebody else has it without a reload.
  await marcus.page.keyboard.press("Control+k");
  await marcus.page.keyboard.type("warm and");
  await marcus.page.getByRole("option", { name: /Warm and ours/, selected: true }).waitFor();
  await marcus.page.keyboard.press("Escape");

  await ask("pipeline");
  await keyboard.press("Enter");
  await page.waitForURL("**/pipeline/**");
  await ask("warm");
  await page.getByRole("option", { name: /Warm and ours/, selected: true }).waitFor();
  await keyboard.press("Enter");
  await page.waitForURL(/contacts\?status=open/);
  await page.getByRole("button", { name: "View: Warm and ours", exact: true }).waitFor();
});

test("[SV5] a view that shows something else is marked as modified, and as itself again when it shows the same", async () => {
  await keyboard.press("/");
  await keyboard.type("a");
  await page.getByRole("button", { name: "View: Warm and ours, modified" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("button", { name: "View: Warm and ours", exact: true }).waitFor();
  await keyboard.press("Escape");
});

test("[KB4] j and k walk, Enter opens beside the list, j goes on there, Escape gives the row its focus back", async () => {
  await listShown();
  await keyboard.press("j");
  const first = (await focusedRow()) ?? "";
  await keyboard.press("j");
  const second = (await focusedRow()) ?? "";
  expect([first.length, first === second]).toEqual([24, false]);
  await keyboard.press("k");
  await eventually(async () => expect(await focusedRow()).toBe(first));
  await keyboard.press("Enter");
  await panel.waitFor();
  await eventually(() => expect(openedId()).toBe(first));
  await keyboard.press("j");
  await eventually(() => expect(openedId()).toBe(second));
  const { username } = await loadContact(second);
  await panel.getByText(`@${username}`).first().waitFor();
  await keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  await page.waitForURL(/contacts\?status=open/);
  await eventually(async () => expect(await focusedRow()).toBe(second));

  // Back closes it as well, and a reload shows the contact's own page.
  await keyboard.press("Enter");
  await panel.waitFor();
  await page.goBack();
  await panel.waitFor({ state: "detached" });
  await eventually(async () => expect(await focusedRow()).toBe(second));
  await keyboard.press("Enter");
  await panel.waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  expect([await panel.count(), openedId()]).toEqual([0, second]);
  await page.goBack();
  await listShown();
});

test("[KB5] s opens the status menu, Escape gives the row its focus back; without the badge the palette asks", async () => {
  await listShown();
  await keyboard.press("j");
  const first = (await focusedRow()) ?? "";
  await keyboard.press("s");
  await page.getByRole("menu", { name: /Lead status of/ }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await eventually(async () => expect(await focusedRow()).toBe(first));
  await keyboard.press("ArrowDown");
  await eventually(async () => expect(await focusedRow()).not.toBe(first));

  await page.goto(`${product.url}/contacts?status=open&columns=stage`);
  await listShown();
  await keyboard.press("j");
  await keyboard.press("s");
  await palette.waitFor();
  await page.getByRole("option", { name: /Abandoned/ }).waitFor();
  await keyboard.press("Escape");
  await palette.waitFor({ state: "detached" });
  await page.goBack();
});

test("[KB1] m moves, a assigns, d plans, 1 to 4 set the status, from the row in hand", async () => {
  const id = await page.locator("[data-row]").first().getAttribute("data-row");
  if (!id) throw new Error("the list is empty");
  await page.locator(`[data-row-link="${id}"]`).focus();

  await keyboard.press("m");
  await palette.waitFor();
  await keyboard.type("meeting");
  await keyboard.press("Enter");
  await eventually(async () => expect((await loadContact(id)).stageId).toBe(await stageId("Meeting Booked")));
  await card(marcus.page, id).waitFor();

  // It has left the view, and stays in hand for the moment that it can be seen.
  await ask(`@${(await loadContact(id)).username}`);
  await page
    .getByRole("option", { name: new RegExp(`^@${(await loadContact(id)).username} `), selected: true })
    .waitFor();
  await keyboard.press("Enter");
  await panel.waitFor();
  await keyboard.press("a");
  await palette.waitFor();
  await keyboard.type("jade");
  await keyboard.press("Enter");
  const jade = await page.evaluate(async () => {
    const answer = await fetch("/api/v1/directory");
    const { data } = (await answer.json()) as { data: { members: { id: string; name: string }[] } };
    return data.members.find(({ name }) => name.startsWith("Jade"))?.id;
  });
  await eventually(async () => expect((await loadContact(id)).assigneeId).toBe(jade));

  await keyboard.press("d");
  await palette.waitFor();
  await keyboard.type("in 3");
  await keyboard.press("Enter");
  await eventually(async () => {
    const { followUp } = await loadContact(id);
    expect(Date.parse(followUp?.dueAt ?? "")).toBeGreaterThan(Date.now() + 86_400_000);
  });

  await keyboard.press("3");
  const question = page.getByRole("dialog", { name: /as Lost/ });
  await question.waitFor();
  await keyboard.type("Bad timing");
  await keyboard.press("Enter");
  await eventually(async () =>
    expect(await loadContact(id)).toMatchObject({ leadStatus: "lost", lostReason: "Bad timing" }),
  );
  await question.waitFor({ state: "detached" });
  await keyboard.press("1");
  await eventually(async () => expect((await loadContact(id)).leadStatus).toBe("open"));
});

test("[KB1] [KB2] the question mark lists all keys; letters in a field stay letters", async () => {
  await keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await help.getByText("Find anything, do anything").waitFor();
  await keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  expect(await panel.count()).toBe(1);
  await keyboard.press("n");
  await keyboard.type("m a 1 ? j");
  expect(await panel.getByRole("textbox").first().inputValue()).toBe("m a 1 ? j");
  expect(await palette.count()).toBe(0);
  for (const person of [ana, marcus]) expect(person.errors).toEqual([]);
});
