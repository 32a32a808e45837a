import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { makeDataDir, startProduct } from "../support/product-process.ts";

// Nobody is here yet: the journey begins with the first person of all.
const product = await startProduct(await makeDataDir(), { DEMO: "0" });
const browser = await openBrowser();
const PASSWORD = "correct horse battery";
const ANA = "ana@northwind.example";
const BO = "bo@northwind.example";
const errors: string[] = [];

async function aBrowser(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  return page;
}

const ana = await aBrowser();
const bo = await aBrowser({ colorScheme: "dark" });

const board = (page: Page) => page.getByRole("heading", { name: "Outreach Sent" });
const link = async (page: Page, label: string): Promise<string> =>
  page.getByLabel(label).first().inputValue();
/** The form is ready when its script is. */
const press = (page: Page, name: string) =>
  page.getByRole("button", { name, exact: true, disabled: false }).click();
const open = (page: Page, path: string) => page.goto(product.url + path);

async function pickFor(page: Page, who: string, act: string | RegExp): Promise<void> {
  await page.getByRole("button", { name: `Change ${who}`, exact: true }).click();
  await page
    .getByRole("menuitem", { name: act })
    .or(page.getByRole("menuitemradio", { name: act }))
    .click();
}

async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await open(page, "/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
  await board(page).waitFor();
}

const roleOf = (page: Page, who: string) =>
  page
    .getByRole("region", { name: "Members" })
    .getByRole("listitem")
    .filter({ hasText: who })
    .locator("p.capitalize");

test("[PE1] the first person of all makes an organization and stands before its empty board", async () => {
  await open(ana, "/sign-up");
  await ana.getByRole("heading", { name: "Welcome" }).waitFor();
  await ana.getByLabel("Organization").fill("Northwind");
  await ana.getByLabel("Your name").fill("Ana");
  await ana.getByLabel("E-mail").fill(ANA);
  await ana.getByLabel("Password").fill("short");
  await press(ana, "Create organization");
  await ana.locator('[name="password"][aria-invalid="true"]').waitFor();
  await ana.getByLabel("Password").fill(PASSWORD);
  await press(ana, "Create organization");
  await board(ana).waitFor();
  await ana.getByText("Northwind").first().waitFor();
});

test("[PE2] who is invited by a link joins in their own browser, and both work on one board", async () => {
  await open(ana, "/settings/members");
  await ana.getByLabel("Invite by e-mail").fill(BO);
  await ana.getByRole("button", { name: /^Role/ }).click();
  await ana.getByRole("menuitemradio", { name: "Admin" }).click();
  await press(ana, "Invite");
  await ana.getByRole("status").getByText(BO).waitFor();
  const invitation = await link(ana, `Invitation link for ${BO}`);
  await bo.goto(invitation);
  await bo.getByText(`Ana invites ${BO} as an admin.`).waitFor();
  await bo.getByLabel("Your name").fill("Bo");
  await bo.getByLabel("Password").fill(PASSWORD);
  await press(bo, "Join");
  await board(bo).waitFor();
  // Who opens the letter again some day finds the way in.
  await bo.goto("about:blank");
  await bo.goto(invitation);
  await bo.getByText("This invitation is no longer valid").waitFor();
  await bo.getByRole("link", { name: "Sign in" }).click();
  await board(bo).waitFor();
  // The list of members follows without a reload.
  await roleOf(ana, BO).getByText("admin").waitFor();
  expect(await ana.getByText("Invited", { exact: true }).count()).toBe(0);
  await open(ana, "/");
  await board(ana).waitFor();
  await ana.evaluate(async () => {
    await fetch("/api/v1/organization/create-contact", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "kim.fit" }),
    });
  });
  for (const page of [ana, bo]) await page.locator("[data-card]").getByText("kim.fit").first().waitFor();
});

test("[PE4] another role is in force on the open page at once, both ways, and the page stays", async () => {
  await open(bo, "/settings/tags");
  await bo.getByLabel("Name of the new tag").fill("half a word");
  await open(ana, "/settings/members");
  await pickFor(ana, "Bo", "Member");
  await bo.getByText("Ana made you a member of Northwind.").waitFor();
  await bo.getByText("Only owners and admins change tags.").waitFor();
  expect(await bo.getByLabel("Name of the new tag").count()).toBe(0);
  expect(new URL(bo.url()).pathname).toBe("/settings/tags");
  await roleOf(ana, BO).getByText("member").waitFor();
  await pickFor(ana, "Bo", "Admin");
  await bo.getByText(/an admin of Northwind/).waitFor();
  await bo.getByLabel("Name of the new tag").fill("Warm");
  await press(bo, "Add tag");
  await bo
    .getByLabel("Name of the tag Warm")
    .or(bo.getByText("Warm", { exact: true }))
    .first()
    .waitFor();
});

test("[PE4] the name of the organization follows on every open page", async () => {
  await open(bo, "/account");
  await bo.getByRole("heading", { name: "Where you are signed in" }).waitFor();
  await open(ana, "/settings/organization");
  await ana.getByLabel("Name of the organization").fill("Southwind");
  await ana.keyboard.press("Enter");
  await bo.getByText("Southwind").first().waitFor();
});

test("[TK1] [TK3] a token is told once, works, and stops when it is revoked; the other admin's page follows", async () => {
  await open(bo, "/settings/api");
  await bo.getByText("No tokens yet").waitFor();
  await open(ana, "/settings/api");
  await ana.getByLabel("Name of the new token").fill("n8n");
  await press(ana, "Create token");
  const token = await ana.getByLabel("Token", { exact: true }).inputValue();
  await bo.getByRole("button", { name: "Revoke n8n" }).waitFor();
  expect((await call(product.url, "GET", "/pipelines", { token })).status).toBe(200);
  await press(bo, "Revoke n8n");
  await press(bo, "Revoke");
  await bo.getByText("No tokens yet").waitFor();
  expect((await call(product.url, "GET", "/pipelines", { token })).status).toBe(401);
  await ana.getByText("No tokens yet").waitFor();
});

test("[PE7] signing out everywhere ends the page in another browser, and says so", async () => {
  const elsewhere = await aBrowser();
  await signIn(elsewhere, BO);
  await open(bo, "/");
  await board(bo).waitFor();
  await open(elsewhere, "/account");
  await press(elsewhere, "Sign out everywhere");
  await bo.getByRole("heading", { name: "You have signed out everywhere" }).waitFor();
  expect(await board(bo).count()).toBe(0);
  await elsewhere.getByRole("heading", { name: "DmTracker" }).waitFor();
  await elsewhere.context().close();
});

test("[PE8] a lost password is replaced by a link that is handed over", async () => {
  await open(ana, "/settings/members");
  await pickFor(ana, "Bo", "New password…");
  const address = await link(ana, "Password link for Bo");
  await bo.goto(address);
  await bo.getByLabel("New password").fill("newer horse battery");
  await press(bo, "Change password");
  await bo.getByRole("heading", { name: "Password changed" }).waitFor();
  await bo.goto("about:blank");
  await bo.goto(address);
  await bo.getByLabel("New password").fill("newest horse battery");
  await press(bo, "Change password");
  await bo.getByText("This link is no longer valid. Ask for a new one.").first().waitFor();
  await signIn(bo, BO, "newer horse battery");
});

test("[PE3] a second organization is made and opened; a page of the first says so, and one switches back", async () => {
  const other = await bo.context().newPage();
  await other.goto(`${product.url}/organizations`);
  await other.getByLabel("New organization").fill("Side brand");
  await press(other, "Create organization");
  await board(other).waitFor();
  await bo.getByRole("heading", { name: "You have opened Side brand" }).waitFor();
  expect(await other.locator("[data-card]").count()).toBe(0);
  await other.getByRole("button", { name: /^Bo: account/ }).click();
  await other
    .getByRole("menuitem", { name: "Southwind" })
    .or(other.getByRole("menuitemradio", { name: "Southwind" }))
    .click();
  await other.locator("[data-card]").getByText("kim.fit").first().waitFor();
  await other.close();
  await open(bo, "/");
  await bo.locator("[data-card]").getByText("kim.fit").first().waitFor();
});

test("[PE5] ownership is given away with the password, and both pages know at once", async () => {
  await open(bo, "/settings/members");
  await roleOf(bo, ANA).getByText("owner").waitFor();
  await open(ana, "/settings/members");
  await pickFor(ana, "Bo", "Make owner…");
  const dialog = ana.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Make Bo the owner?" }).waitFor();
  await dialog.getByLabel("Your password").fill("not my password");
  await dialog.getByRole("button", { name: "Transfer ownership" }).click();
  await dialog.getByText("This is not your password").waitFor();
  await dialog.getByLabel("Your password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Transfer ownership" }).click();
  await bo.getByText(/the owner of Southwind/).waitFor();
  for (const page of [ana, bo]) {
    await roleOf(page, BO).getByText("owner").waitFor();
    await roleOf(page, ANA).getByText("admin").waitFor();
  }
  await bo.getByRole("button", { name: "Delete organization…" }).waitFor();
  await ana.getByRole("button", { name: "Leave Southwind…" }).waitFor();
});

test("[PE4] [RT10] who is removed is told why and loses the board at once", async () => {
  await open(ana, "/");
  await ana.locator("[data-card]").first().waitFor();
  await pickFor(bo, "Ana", "Remove…");
  await press(bo, "Remove");
  await ana.getByRole("heading", { name: "Bo removed you from Southwind" }).waitFor();
  expect(await ana.locator("[data-card]").count()).toBe(0);
  await eventually(async () => expect(await roleOf(bo, ANA).count()).toBe(0));
  await press(ana, "Your organizations");
  await ana.getByText(`${ANA} belongs to no organization now.`).waitFor();
  expect(errors).toEqual([]);
});
