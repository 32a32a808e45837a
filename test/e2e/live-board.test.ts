import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { card, cardIds, column, drag, gapAbove, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const marcus = await signIn(browser, product, password, "marcus@demo.example");

const STAGES = ["Outreach Sent", "In Conversation", "Interested", "Meeting Booked", "Closed", "Lost"];

async function boardOf(page: Page): Promise<Record<string, string[]>> {
  const entries = await Promise.all(
    STAGES.map(async (stage) => [stage, await cardIds(page, stage)] as const),
  );
  return Object.fromEntries(entries);
}

async function countOf(page: Page, stage: string): Promise<number> {
  const label = await column(page, stage).getAttribute("aria-label");
  return Number(/, (\d+) contacts?$/.exec(label ?? "")?.[1]);
}

const badgeOf = (page: Page, contactId: string) =>
  card(page, contactId).getByRole("button", { name: /^Lead status of/ });

async function loadContact(contactId: string): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${contactId}`, { token });
  return body.data.contact;
}

/** The first card of a stage that is still open. */
async function anOpenCard(page: Page, stage: string, skip = 0): Promise<string> {
  const ids = await cardIds(page, stage);
  const open: string[] = [];
  for (const id of ids) {
    if (/: Open\./.test((await badgeOf(page, id).getAttribute("aria-label")) ?? "")) open.push(id);
  }
  return open[skip] ?? "";
}

const isLive = (page: Page) => page.getByText("Live", { exact: true }).first().waitFor();

/** Opens the board in a further page, and notes what its script asks. */
async function openBoardAgain(prepare: (page: Page) => Promise<unknown> = () => Promise.resolve()) {
  const page = await ana.page.context().newPage();
  await prepare(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const answer = await page.goto(ana.page.url());
  await page.locator("[data-card]").first().waitFor();
  const board = `/api/v1${new URL(page.url()).pathname.replace("/pipeline/", "/pipelines/")}/board`;
  const firstAsked = asked.filter((path) => ["/api/v1/me", "/api/v1/pipelines", board].includes(path));
  return { page, answer, firstAsked };
}

test("[PG1] a board's page carries what its script would ask first, whatever contacts are called", async () => {
  const display_name = "</script><script>window.isHurt = true</script>";
  const path = "/organization/create-contact";
  const created = await call<{ contact_id: string }>(product.url, "POST", path, {
    token,
    body: { username: "kim.hurt", display_name },
  });
  const { contact_id: contactId } = created.body.data;
  // A busy server sends the page without them rather than late.
  const { page, answer } = await eventually(async () => {
    const { firstAsked, ...opened } = await openBoardAgain();
    if (firstAsked.length > 0) await opened.page.close();
    expect(firstAsked).toEqual([]);
    return opened;
  });
  expect(answer?.headers()["cache-control"]).toBe("private, no-store");
  expect(await card(page, contactId).textContent()).toContain(display_name);
  expect(await page.evaluate(() => "isHurt" in globalThis)).toBe(false);
  await isLive(page);
  await page.close();
});

test("[PG1] where the page carries nothing, its script asks each question once", async () => {
  const { page, firstAsked } = await openBoardAgain((opened) =>
    opened.route(/\/pipeline\/[0-9a-f]{24}$/, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace('id="first-answers"', 'id="something-else"');
      await route.fulfill({ response, body });
    }),
  );
  expect(firstAsked.toSorted()).toEqual([...new Set(firstAsked)].toSorted());
  expect(firstAsked).toHaveLength(3);
  await page.close();
});

test("[PG1] whoever is signed out gets the page without anything in it, and is asked to sign in", async () => {
  const { pathname } = new URL(ana.page.url());
  const answer = await fetch(`${product.url}${pathname}`);
  expect(await answer.text()).not.toContain("first-answers");
  expect(answer.status).toBe(200);
});

test("[RK1] [RT1] rivals 6: a card dragged in one browser stands in the same place in the other", async () => {
  const moving = (await cardIds(ana.page, "Interested"))[1] ?? "";
  const [first, second] = await cardIds(ana.page, "Meeting Booked");
  const before = {
    from: await countOf(ana.page, "Interested"),
    to: await countOf(ana.page, "Meeting Booked"),
  };
  await drag(ana.page, card(ana.page, moving), await gapAbove(ana.page, "Meeting Booked", 1));
  for (const { page } of [ana, marcus]) {
    await eventually(async () => {
      expect((await cardIds(page, "Meeting Booked")).slice(0, 3)).toEqual([first, moving, second]);
      expect(await countOf(page, "Interested")).toBe(before.from - 1);
      expect(await countOf(page, "Meeting Booked")).toBe(before.to + 1);
    });
  }
  expect(await cardIds(ana.page, "Interested")).not.toContain(moving);
});

test("[RK1] within a column a card lands where it was dropped, in both browsers", async () => {
  const [a, b, c] = await cardIds(ana.page, "In Conversation");
  await drag(ana.page, card(ana.page, c ?? ""), await gapAbove(ana.page, "In Conversation", 0));
  for (const { page } of [ana, marcus]) {
    await eventually(async () =>
      expect((await cardIds(page, "In Conversation")).slice(0, 3)).toEqual([c, a, b]),
    );
  }
});

test("[RK5] the card that was pressed is carried and dropped at the pointer, also when its list moves under the hand", async () => {
  const [a, b, c] = await cardIds(ana.page, "In Conversation");
  const newcomer = (await cardIds(ana.page, "Outreach Sent"))[0] ?? "";
  const { x, y } = (await card(ana.page, c ?? "").boundingBox()) ?? { x: 0, y: 0 };
  await ana.page.mouse.move(x + 60, y + 50);
  await ana.page.mouse.down();
  const body = { contact_id: newcomer, stage: "In Conversation" };
  await call(product.url, "PATCH", "/contact/contact-status", { token, body });
  await eventually(async () => expect((await cardIds(ana.page, "In Conversation"))[0]).toBe(newcomer));
  const top = await gapAbove(ana.page, "In Conversation", 0);
  await ana.page.mouse.move(x + 70, y + 56, { steps: 3 });
  await ana.page.mouse.move(top.x, top.y, { steps: 12 });
  await ana.page.mouse.up();
  for (const { page } of [ana, marcus]) {
    await eventually(async () =>
      expect((await cardIds(page, "In Conversation")).slice(0, 4)).toEqual([c, newcomer, a, b]),
    );
  }
});

test("[LS1] a status chosen on the badge recolours the badge in the other browser", async () => {
  const id = await anOpenCard(ana.page, "In Conversation");
  const colour = () =>
    badgeOf(marcus.page, id)
      .locator("span")
      .first()
      .evaluate((badge) => getComputedStyle(badge).backgroundColor);
  const gray = await colour();
  await badgeOf(ana.page, id).click();
  await ana.page.getByRole("menuitemradio", { name: "Abandoned" }).click();
  await eventually(async () => {
    expect(await badgeOf(marcus.page, id).getAttribute("aria-label")).toContain(": Abandoned.");
    expect(await colour()).not.toBe(gray);
  });
});

test("[LS3] rivals 18: Lost asks for a reason before the write, and the reason goes with it", async () => {
  const id = await anOpenCard(ana.page, "In Conversation");
  const versionBefore = (await loadContact(id)).version;
  await badgeOf(ana.page, id).click();
  await ana.page.getByRole("menuitemradio", { name: "Lost" }).click();
  const question = ana.page.getByRole("dialog");
  await question.getByLabel(/Why was it lost/).fill("Chose a cheaper tool");
  expect((await loadContact(id)).version).toBe(versionBefore);
  await ana.page.keyboard.press("Enter");
  await eventually(async () =>
    expect(await loadContact(id)).toMatchObject({
      leadStatus: "lost",
      lostReason: "Chose a cheaper tool",
      version: versionBefore + 1,
    }),
  );
});

test("[API2] a PATCH shows on every board at once, with its line on an open contact page", async () => {
  const id = await anOpenCard(ana.page, "Outreach Sent");
  const reader = await marcus.context.newPage();
  await reader.goto(`${product.url}/contacts/${id}`);
  await reader.getByRole("heading", { name: "Activity" }).waitFor();
  const { status } = await call(product.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: id, stage: "Interested" },
  });
  expect(status).toBe(200);
  for (const { page } of [ana, marcus]) {
    await eventually(async () => expect((await cardIds(page, "Interested"))[0]).toBe(id));
  }
  await call(product.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: id, status: "abandoned" },
  });
  for (const { page } of [ana, marcus]) {
    await eventually(async () =>
      expect(await badgeOf(page, id).getAttribute("aria-label")).toContain(": Abandoned."),
    );
  }
  await eventually(async () =>
    expect(await reader.getByRole("button", { name: /: Abandoned\./ }).count()).toBeGreaterThan(0),
  );
  const newest = reader.getByRole("region", { name: "Activity" }).getByRole("listitem").first();
  await eventually(async () => expect(await newest.innerText()).toMatch(/via API/));
  expect(await newest.innerText()).toMatch(/Open[\s\S]*Abandoned/);
  await reader.close();
});

test("[AU6] a rule's effect comes with its cause: nobody ever sees Closed with Open", async () => {
  const id = await anOpenCard(ana.page, "Meeting Booked");
  await marcus.page.evaluate((contactId) => {
    const seen: string[] = [];
    Object.assign(globalThis, { seenStates: seen });
    const look = () => {
      const element = document.querySelector(`[data-card="${contactId}"]`);
      const stage = element?.closest("[data-column]")?.querySelector("h2")?.textContent;
      const badge = element?.querySelector('button[aria-label^="Lead status"]')?.getAttribute("aria-label");
      const state = `${stage} ${/: (\w+)\./.exec(badge ?? "")?.[1]}`;
      if (element && seen.at(-1) !== state) seen.push(state);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    look();
  }, id);
  await drag(ana.page, card(ana.page, id), await gapAbove(ana.page, "Closed", 0));
  await ana.page
    .getByRole("dialog")
    .getByLabel(/Deal value/)
    .fill("2,400");
  await ana.page.keyboard.press("Enter");
  await eventually(async () => {
    const seen = await marcus.page.evaluate(
      () => (globalThis as unknown as { seenStates: string[] }).seenStates,
    );
    expect(seen).toEqual(["Meeting Booked Open", "Closed Won"]);
  });
  expect(await loadContact(id)).toMatchObject({ leadStatus: "won", value: 2400 });
});

test("[RT6] the keyboard lifts, moves, drops and cancels, and says what it does", async () => {
  const { page } = ana;
  const [first, second] = await cardIds(page, "Interested");
  const place = () => cardIds(page, "Interested");
  await page.locator(`[data-card-link="${second}"]`).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Escape");
  expect((await place()).slice(0, 2)).toEqual([first, second]);
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Space");
  await eventually(async () =>
    expect((await cardIds(marcus.page, "Interested")).slice(0, 2)).toEqual([second, first]),
  );
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  await eventually(async () => expect(await cardIds(marcus.page, "Meeting Booked")).toContain(second));
  const spoken = await page.locator("[aria-live]").allInnerTexts();
  expect(spoken.join(" ")).toMatch(/Dropped\. Meeting Booked, position \d+ of \d+/);
});

test("[RT4] [RT6] rivals 3, 4, 11: ten changes offline, then back: the board equals a fresh load, without a reload", async () => {
  const { page, context } = marcus;
  await isLive(page);
  await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
  await context.setOffline(true);
  await page
    .getByText(/^Offline/)
    .first()
    .waitFor();
  const ids = (await cardIds(page, "Outreach Sent")).slice(0, 5);
  const others = (await cardIds(ana.page, "Outreach Sent")).slice(5, 8);
  for (const id of ids) {
    await page.locator(`[data-card-link="${id}"]`).focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await badgeOf(page, id).click();
    await page.getByRole("menuitemradio", { name: "Abandoned" }).click();
  }
  await page
    .getByText(/10 changes waiting/)
    .first()
    .waitFor();
  for (const contactId of others) {
    await call(product.url, "PATCH", "/contact/contact-status", {
      token,
      body: { contact_id: contactId, stage: "Interested" },
    });
  }
  expect((await loadContact(ids[0] ?? "")).leadStatus).toBe("open");
  await context.setOffline(false);
  await isLive(page);
  await eventually(async () => {
    for (const id of ids) expect(await loadContact(id)).toMatchObject({ leadStatus: "abandoned" });
  });
  const fresh = await signIn(browser, product, password, "jade@demo.example");
  await isLive(fresh.page);
  await eventually(async () => expect(await boardOf(page)).toEqual(await boardOf(fresh.page)));
  for (const stage of STAGES) expect(await countOf(page, stage)).toBe(await countOf(fresh.page, stage));
  expect(await page.evaluate(() => (globalThis as { sameDocument?: boolean }).sameDocument)).toBe(true);
  await fresh.context.close();
});

test("[CC3] rivals 17: a move that loses against another's goes back to the true place, and says why", async () => {
  const { page, context } = marcus;
  await isLive(page);
  const id = await anOpenCard(page, "Interested");
  await context.setOffline(true);
  await page
    .getByText(/^Offline/)
    .first()
    .waitFor();
  await page.locator(`[data-card-link="${id}"]`).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Space");
  expect(await cardIds(page, "In Conversation")).toContain(id);
  await call(product.url, "PATCH", "/contact/contact-status", {
    token,
    body: { contact_id: id, stage: "Meeting Booked" },
  });
  await context.setOffline(false);
  await eventually(async () => expect((await cardIds(page, "Meeting Booked"))[0]).toBe(id));
  expect(await cardIds(page, "In Conversation")).not.toContain(id);
  await page
    .getByText(/\S changed this contact meanwhile/)
    .first()
    .waitFor();
});

test("[UN7] the Undo of a toast takes the change back for everybody, and says so", async () => {
  const id = await anOpenCard(ana.page, "Interested");
  await ana.page.locator(`[data-card-link="${id}"]`).focus();
  await ana.page.keyboard.press("4");
  await eventually(async () => expect((await loadContact(id)).leadStatus).toBe("abandoned"));
  await ana.page.getByRole("button", { name: "Undo" }).click();
  await ana.page.getByText(/^Undone: Changed @\S+ from Open to Abandoned/).waitFor();
  await eventually(async () => expect((await loadContact(id)).leadStatus).toBe("open"));
  await badgeOf(marcus.page, id).getByText("Open").waitFor();
});

test("[RT15] without a network a history and a whole page say so, and come by themselves when it is back", async () => {
  const { page, context } = marcus;
  const offline = page.getByText(/^Offline/).first();
  await isLive(page);
  await context.setOffline(true);
  await offline.waitFor();
  await page.locator("[data-card] a").first().click();
  const failed = page.getByText("The history could not be loaded.");
  await failed.waitFor();
  await context.setOffline(false);
  await failed.waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await isLive(page);

  await context.setOffline(true);
  await offline.waitFor();
  await page.getByRole("link", { name: "Reports" }).click();
  await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
  await context.setOffline(false);
  await page.getByRole("heading", { name: "Reports" }).waitFor();
  await page.goto(product.url);
  await isLive(page);
});

test("no page has thrown anything", () => {
  expect([...ana.errors, ...marcus.errors]).toEqual([]);
});

/** Notes, from now on, which lists glide as a whole. */
async function watchGlides(page: Page): Promise<() => Promise<string[]>> {
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.evaluate(() => {
    const glides: string[] = [];
    const original = Reflect.get(Element.prototype, "animate") as (...how: unknown[]) => unknown;
    function noting(this: Element, ...how: unknown[]): unknown {
      if (this.tagName === "UL") glides.push(this.ariaLabel ?? "");
      return original.apply(this, how);
    }
    Object.assign(Element.prototype, { animate: noting });
    Object.assign(globalThis, { glides });
  });
  return () => page.evaluate(() => Reflect.get(globalThis, "glides") as string[]);
}

test("[RK4] a card dropped at the top stands still under the hand; for everybody else its column glides", async () => {
  const pages = [await ana.page.context().newPage(), await marcus.page.context().newPage()] as const;
  for (const page of pages) {
    await page.goto(ana.page.url());
    await isLive(page);
  }
  const [dropping, looking] = pages;
  const glides = [await watchGlides(dropping), await watchGlides(looking)] as const;
  const moving = (await cardIds(dropping, "Interested"))[0] ?? "";
  await drag(dropping, card(dropping, moving), await gapAbove(dropping, "In Conversation", 0));
  for (const page of pages)
    await eventually(async () => expect((await cardIds(page, "In Conversation"))[0]).toBe(moving));
  await eventually(async () => expect(await glides[1]()).toContain("Contacts in In Conversation"));
  expect(await glides[0]()).not.toContain("Contacts in In Conversation");
  for (const page of pages) await page.close();
});
