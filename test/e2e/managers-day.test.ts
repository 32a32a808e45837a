import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { column, openBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { makeDataDir, startProduct } from "../support/product-process.ts";

// One day of a manager: an organization is set up from nothing, a rep is invited and works, the manager watches the
// floor, looks back and reads the month. FILM_STRIP=<folder> keeps a screenshot of every step, FILM_WIDTH=390 as on
// a phone.

const WIDTH = Number(process.env.FILM_WIDTH ?? 1280);
const IS_PHONE = WIDTH < 600;
const PASSWORD = "a long enough password";
const CONTACTS = 60;

const product = await startProduct(await makeDataDir(), { DEMO: "0", SIGN_UP: "open" });
const browser = await openBrowser();

async function aPerson(options: BrowserContextOptions = {}): Promise<{ page: Page; errors: string[] }> {
  const viewport = { width: WIDTH, height: IS_PHONE ? 844 : 800 };
  const context = await browser.newContext({ viewport, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, errors };
}

const manager = await aPerson();
const rep = await aPerson({ viewport: { width: 1600, height: 900 } });
const { page } = manager;
let token = "";

let frame = 0;
async function film(name: string): Promise<void> {
  const folder = process.env.FILM_STRIP;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({
    path: join(folder, `${WIDTH}-${String((frame += 1)).padStart(2, "0")}-${name}.png`),
  });
}

const go = (path: string) => page.goto(`${product.url}${path}`);
const steps = () => page.locator("[data-step=done]").count();
const cards = (of: Page, stage: string) => column(of, stage).locator("[data-card]");
const figure = (label: string): Locator =>
  page.locator("dl > div").filter({ has: page.getByText(label, { exact: true }) });
const signUpAs = async (person: Page, fields: Record<string, string>, button: string): Promise<void> => {
  for (const [label, text] of Object.entries(fields)) await person.getByLabel(label).fill(text);
  await person.getByRole("button", { name: button }).click();
};

test("[PE1] [FS1] [FS2] from nothing to the first contact, the first rule and ManyChat's first call", async () => {
  await go("/sign-up");
  await film("sign-up");
  await signUpAs(
    page,
    {
      Organization: "Studio North",
      "Your name": "Mia Berg",
      "E-mail": "mia@north.example",
      Password: PASSWORD,
    },
    "Create organization",
  );
  await page.getByRole("heading", { name: "Three steps to a live pipeline" }).waitFor();
  await film("first-steps");
  const guide = page.getByRole("region", { name: "Three steps to a live pipeline" });
  await guide.getByRole("button", { name: "Add contact" }).click();
  await page.getByLabel("Instagram handle").fill("first.lead");
  await page.getByRole("dialog").getByRole("button", { name: "Add contact" }).click();
  await eventually(async () => expect(await steps()).toBe(1));
  await guide.getByRole("button", { name: /^Add the automation/ }).click();
  await eventually(async () => expect(await steps()).toBe(2));
  await guide.getByRole("button", { name: "Make the request" }).click();
  const request = await page.getByRole("region", { name: "Request", exact: true }).innerText();
  expect(request).toContain(`POST ${new URL(product.url).origin}/api/v1/contact/default-reply`);
  token = /x-org-auth-token: (\S+)/.exec(request)?.[1] ?? "";
  await page.getByText("Waiting for the first call …").waitFor();
  await film("waiting");
  // What ManyChat sends, filled in.
  const body = { manychat_id: "71", username: "kim.fit", message_content: "Yes, tell me more!" };
  const { status } = await call(product.url, "POST", "/contact/default-reply", { token, body });
  expect(status).toBe(201);
  await page.getByText("Received: @kim.fit wrote “Yes, tell me more!”").waitFor();
  await page.getByRole("heading", { name: "Everything is in place" }).waitFor();
  expect(await steps()).toBe(3);
  await film("received");
  await page.getByRole("button", { name: "Close", exact: true }).click();
});

test("[ST1] [AU10] [TG1] the pipeline gets its stage, its rule and its tag", async () => {
  await go("/settings/stages");
  await page.getByLabel("Name of the new stage").fill("Proposal");
  await page.getByRole("button", { name: "Add stage" }).click();
  await page.getByLabel("Name of the stage Proposal").waitFor();
  await film("stages");
  await go("/settings/automations");
  await page
    .getByRole("button", { name: /^Look at the rule/ })
    .first()
    .click();
  const form = page.getByRole("form", { name: "New automation" });
  await form
    .getByRole("status", { name: "Preview" })
    .getByText(/In the last 7 days/)
    .waitFor();
  await film("suggestion");
  await form.getByRole("button", { name: "Add" }).click();
  await eventually(async () => expect(await page.getByRole("switch").count()).toBeGreaterThan(1));
  await go("/settings/tags");
  await page.getByLabel("Name of the new tag").fill("VIP");
  await page.getByRole("button", { name: "Add tag" }).click();
  await eventually(async () => {
    const { body } = await call<{ tags: { name: string }[] }>(product.url, "GET", "/tags", { token });
    expect(body.data.tags.map(({ name }) => name)).toEqual(["VIP"]);
  });
  await film("tags");
});

test("[IM4] [IM5] a list from elsewhere is checked and imported, and stands on the board", async () => {
  const rows = Array.from(
    { length: CONTACTS },
    (_, index) =>
      `lead.${index},Lead ${index},${["Outreach Sent", "Interested", "Meeting Booked"][index % 3]},${100 + index},VIP`,
  );
  await go("/contacts/import");
  await film("import");
  await page.locator("input[type=file]").setInputFiles({
    name: "leads.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(["Handle,Full name,Stage,Deal value,Tags", ...rows].join("\n")),
  });
  await page.getByText("Every row was checked").waitFor();
  await film("import-checked");
  await page.getByRole("button", { name: `Import ${CONTACTS} contacts` }).click();
  await page.getByText("Imported", { exact: true }).waitFor();
  await go("/");
  await cards(page, "Interested").first().waitFor();
  await film("board");
});

test("[PE2] a rep comes by a link, and stands on the same board", async () => {
  await go("/settings/members");
  await page.getByLabel("Invite by e-mail").fill("leo@north.example");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const link = await page.getByLabel("Invitation link for leo@north.example").first().inputValue();
  await film("invited");
  await rep.page.goto(link);
  await rep.page.getByLabel("Your name").fill("Leo Falk");
  await rep.page.getByLabel("Password").fill(PASSWORD);
  await rep.page.locator("button[type=submit]:enabled").click();
  await cards(rep.page, "Interested").first().waitFor();
  await page.getByText("Leo Falk").first().waitFor();
});

test("[WN1] [AU1] [LS3] the floor at work: wins reach the wall as they happen, a loss says why", async () => {
  await go("/wins");
  await page.getByText("No wins yet this month").waitFor();
  await film("wall-empty");
  const listed = (
    await call<ContactListPage>(product.url, "GET", "/contacts?q=lead&limit=60&sort=username", { token })
  ).body.data.contacts;
  const inStage = async (name: string) => {
    const ids = await cards(rep.page, name).evaluateAll((all) =>
      all.map((one) => one.getAttribute("data-card")),
    );
    return listed.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
  };
  const decide = async (id: string | undefined, key: string): Promise<Locator> => {
    await rep.page.locator(`[data-card-link="${id}"]`).focus();
    await rep.page.keyboard.press(key);
    const dialog = rep.page.getByRole("dialog");
    await dialog.waitFor();
    return dialog;
  };
  const lines = page.getByRole("region", { name: "Latest wins" }).getByRole("listitem");
  for (const [index, id] of (await inStage("Meeting Booked")).slice(0, 2).entries()) {
    const dialog = await decide(id, "2");
    await dialog.getByRole("button", { name: "Mark as Won" }).click();
    await dialog.waitFor({ state: "detached" });
    await eventually(async () => expect(await lines.count()).toBe(index + 1));
  }
  await page.getByRole("region", { name: "Latest wins" }).getByText("Leo Falk").first().waitFor();
  await film("wall");
  const [lost] = await inStage("Interested");
  const dialog = await decide(lost, "3");
  await dialog.getByLabel("Why was it lost?").fill("Too expensive");
  await dialog.getByRole("button", { name: "Mark as Lost" }).click();
  await dialog.waitFor({ state: "detached" });
});

test("[RP1] [RP3] the month is read, and its numbers lead to the contacts", async () => {
  await go("/reports");
  await eventually(async () => expect(await figure("Won").getByRole("link").innerText()).toBe("2"));
  expect(await figure("Lost").getByRole("link").innerText()).toBe("1");
  await film("reports");
  await figure("Won").getByRole("link").click();
  await eventually(async () => expect(await page.locator("[data-row]").count()).toBe(2));
});

test("[RQ1] [RQ3] nobody is silent on the first day; the lost one says why and gets another chance", async () => {
  await go("/review");
  await page.getByText("Nobody has gone quiet").waitFor();
  await film("review-empty");
  await page.getByText("Lost and Abandoned", { exact: true }).click();
  await page.getByRole("link", { name: /Too expensive/ }).waitFor();
  await page.locator("[data-given-up] input").first().check();
  await film("review");
  await page.getByRole("button", { name: "Reopen and re-engage" }).click();
  await page.getByText("Nobody was lost or abandoned").waitFor();
  await eventually(async () => {
    const { body } = await call<ContactListPage>(product.url, "GET", "/contacts?status=lost", { token });
    expect(body.data.total).toBe(0);
  });
});

test("[TM1] [TM3] [TM4] the stand-up: what has moved, and the board as it was before the work began", async () => {
  await go("/");
  await cards(page, "Interested").first().waitFor();
  await page.getByRole("button", { name: "The board's past" }).click();
  await page.getByRole("menuitem", { name: "What moved since yesterday" }).click();
  await eventually(async () => expect(await figure("Won").getByRole("link").innerText()).toBe("2"));
  expect(await figure("New").getByRole("link").innerText()).toBe(String(CONTACTS + 2));
  await film("moved");
  await page.goBack();
  await page.getByRole("button", { name: "The board's past" }).click();
  await page.getByRole("menuitem", { name: "The board at a past moment" }).click();
  await page.getByRole("heading", { name: /as it was on/ }).waitFor();
  // An hour ago there was nobody: the day began after it.
  await eventually(async () => expect(await page.getByText("Nobody was here").count()).toBeGreaterThan(5));
  await page.getByRole("slider", { name: "Moment" }).focus();
  await page.keyboard.press("End");
  await page.locator("[data-past-card]").first().waitFor();
  await film("then");
  await page.getByRole("link", { name: "Back to now" }).click();
  await cards(page, "Interested").first().waitFor();
  expect([...manager.errors, ...rep.errors]).toEqual([]);
});
