import type { CountedTag } from "@dmtracker/shared/contracts/organization-rest.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { expect, test } from "vitest";
import { column, drag, openBrowser, signIn } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startDemo } from "../support/product-process.ts";

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();
const ana = await signIn(browser, product, password);
const jade = await signIn(browser, product, password, "jade@demo.example");
const { page } = ana;
const watching = jade.page;

const stageNames = () => watching.locator("[data-column] h2").allInnerTexts();
const rows = () =>
  page
    .locator("[data-stage] input")
    .evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));

async function stages(): Promise<Stage[]> {
  const { body } = await call<{ pipelines: { stages: Stage[] }[] }>(product.url, "GET", "/pipelines", {
    token,
  });
  return body.data.pipelines[0]?.stages ?? [];
}

async function tags(): Promise<CountedTag[]> {
  return (await call<{ tags: CountedTag[] }>(product.url, "GET", "/tags", { token })).body.data.tags;
}

test("[ST1] [ST3] a stage that is added, renamed and recoloured shows on the board that somebody else has open", async () => {
  await page.getByRole("link", { name: "Settings" }).first().click();
  await page.getByRole("heading", { name: "Pipeline & stages" }).waitFor();
  await page.getByLabel("Name of the new stage").fill("Trial");
  await page.getByRole("button", { name: "Add stage" }).click();
  await column(watching, "Trial").waitFor();
  await page.getByLabel("Name of the stage Trial").fill("Free trial");
  await page.keyboard.press("Enter");
  await column(watching, "Free trial").waitFor();
  expect(await column(watching, "Trial").count()).toBe(0);
  await page.getByLabel("Name of the stage Free trial").fill("closed");
  await page.keyboard.press("Enter");
  await page.getByText("There is a stage “Closed” already").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Colour of Free trial/ }).click();
  await page
    .getByRole("menuitemradio", { name: "Pink" })
    .or(page.getByRole("menuitem", { name: "Pink" }))
    .click();
  await eventually(async () => expect((await stages()).at(-1)?.colour).toBe("#db2777"));
});

test("[ST2] stages are reordered by keyboard and by hand, and the other board follows", async () => {
  await page.getByRole("button", { name: "Move Free trial" }).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  expect((await rows()).at(-1)).toBe("Free trial");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Space");
  const moved = [
    "Outreach Sent",
    "In Conversation",
    "Interested",
    "Meeting Booked",
    "Free trial",
    "Closed",
    "Lost",
  ];
  await eventually(async () => expect(await stageNames()).toEqual(moved));
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(
    "Move Free trial",
  );

  const handle = await page.getByRole("button", { name: "Move Free trial" }).boundingBox();
  const target = await page.locator("[data-stage]").nth(1).boundingBox();
  if (!handle || !target) return expect.fail("the rows are not on the screen");
  await page.mouse.move(handle.x + 8, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(handle.x + 8, target.y + 4, { steps: 8 });
  await page.mouse.up();
  await eventually(async () =>
    expect(await stageNames()).toEqual([
      "Outreach Sent",
      "Free trial",
      "In Conversation",
      "Interested",
      "Meeting Booked",
      "Closed",
      "Lost",
    ]),
  );
});

test("[ST2] a finger carries a stage down and up again, the page does not scroll under it, and others follow", async () => {
  const phone = await signIn(browser, product, password, "marcus@demo.example", {
    viewport: { width: 390, height: 700 },
    hasTouch: true,
    isMobile: true,
  });
  await phone.page.goto(`${product.url}/settings/stages`);
  const touch = await phone.context.newCDPSession(phone.page);
  const carry = async (name: string, place: number): Promise<void> => {
    const from = await phone.page.getByRole("button", { name: `Move ${name}` }).boundingBox();
    const to = await phone.page.locator("[data-stage]").nth(place).boundingBox();
    if (!from || !to) throw new Error("the rows are not on the screen");
    const [x, y] = [from.x + from.width / 2, from.y + from.height / 2];
    const end = to.y > y ? to.y + to.height - 4 : to.y + 4;
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
    for (let step = 1; step <= 12; step += 1) {
      const touchPoints = [{ x, y: y + ((end - y) * step) / 12 }];
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints });
      // A hand is slower than a program: the rows have made room before it goes on.
      await phone.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  const before = await stageNames();
  const scrolled = () => phone.page.evaluate(() => document.scrollingElement?.scrollTop ?? 0);
  const top = await scrolled();
  await carry("Free trial", 4);
  const down = before.filter((name) => name !== "Free trial").toSpliced(4, 0, "Free trial");
  await eventually(async () => expect(await stageNames()).toEqual(down));
  expect(await scrolled()).toBe(top);
  await carry("Free trial", before.indexOf("Free trial"));
  await eventually(async () => expect(await stageNames()).toEqual(before));
  expect(phone.errors).toEqual([]);
  await phone.context.close();
});

test("[AU10] a suggestion shows what it would have done last week, and one press takes it", async () => {
  await page.goto(`${product.url}/settings/automations`);
  const suggestion = page.getByRole("button", { name: /^Look at the rule/ }).last();
  await suggestion.click();
  const form = page.getByRole("form", { name: "New automation" });
  await form
    .getByRole("status", { name: "Preview" })
    .getByText(/In the last 7 days it would have changed/)
    .waitFor();
  const add = form.getByRole("button", { name: "Add" });
  expect(await add.evaluate((button) => document.activeElement === button)).toBe(true);
  const count = await page.getByRole("switch").count();
  await page.keyboard.press("Enter");
  await eventually(async () => expect(await page.getByRole("switch").count()).toBe(count + 1));
  await page.getByRole("button", { name: /^Look at the rule/, pressed: true }).waitFor({ state: "detached" });
  await page.goto(`${product.url}/settings/stages`);
});

test("[ST4] [ST5] deleting a stage says whom it moves and which automation it switches off, then both happen live", async () => {
  const before = await column(watching, "Closed").locator("[data-card]").count();
  expect(before).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Delete Closed" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("This automation names it and is switched off:").waitFor();
  await dialog.getByRole("button", { name: /^Move the contacts to/ }).click();
  await page
    .getByRole("menuitemradio", { name: "Free trial" })
    .or(page.getByRole("menuitem", { name: "Free trial" }))
    .click();
  await dialog.getByRole("button", { name: /^Move \d+ and delete$/ }).click();
  await eventually(async () => expect(await stageNames()).not.toContain("Closed"));
  await eventually(async () =>
    expect(await column(watching, "Free trial").locator("[data-card]").count()).toBe(before),
  );
  expect(jade.errors).toEqual([]);
});

test("[ST7] a card in the air while its target stage is deleted stays what it was", async () => {
  const card = column(watching, "Interested").locator("[data-card]").first();
  const id = (await card.getAttribute("data-card")) ?? "";
  const lost = (await stages()).find(({ name }) => name === "Lost")?.id ?? "";
  const shelter = (await stages()).find(({ name }) => name === "Meeting Booked")?.id ?? "";
  const over = await column(watching, "Lost").boundingBox();
  const from = await card.boundingBox();
  if (!over || !from) return expect.fail("the board is not on the screen");
  await watching.mouse.move(from.x + 60, from.y + 50);
  await watching.mouse.down();
  await watching.mouse.move(over.x + 60, over.y + 120, { steps: 8 });
  await page.evaluate(
    ([stage, into]) =>
      fetch("/api/v1/pipelines")
        .then((answer) => answer.json())
        .then(({ data }: { data: { pipelines: { id: string }[] } }) =>
          fetch(`/api/v1/pipelines/${data.pipelines[0]?.id}/stages/${stage}?move_to=${into}`, {
            method: "DELETE",
          }),
        ),
    [lost, shelter],
  );
  await eventually(async () => expect(await stageNames()).not.toContain("Lost"));
  await watching.keyboard.press("Escape");
  await watching.mouse.up();
  await eventually(async () =>
    expect(await column(watching, "Interested").locator(`[data-card="${id}"]`).count()).toBe(1),
  );
  // The board goes on: the next drag works.
  const box = await column(watching, "Meeting Booked").boundingBox();
  await drag(watching, watching.locator(`[data-card="${id}"]`), {
    x: (box?.x ?? 0) + 100,
    y: (box?.y ?? 0) + 60,
  });
  await eventually(async () =>
    expect(await column(watching, "Meeting Booked").locator(`[data-card="${id}"]`).count()).toBe(1),
  );
  expect(jade.errors).toEqual([]);
});

test("[AU8] a rule says before it is saved whom it would have changed, and leads to them", async () => {
  await page.getByRole("link", { name: "Automations" }).click();
  const form = page.getByRole("form", { name: "New automation" });
  await form.getByRole("button", { name: /^Stage/ }).click();
  await page
    .getByRole("menuitemradio", { name: "Interested" })
    .or(page.getByRole("menuitem", { name: "Interested" }))
    .click();
  await form.getByRole("button", { name: /^Lead status/ }).click();
  await page
    .getByRole("menuitemradio", { name: "Won" })
    .or(page.getByRole("menuitem", { name: "Won" }))
    .click();
  const preview = form.getByRole("status", { name: "Preview" });
  await preview.getByText(/In the last 7 days it would have changed\s+\d+ contacts?/).waitFor();
  const who = (await preview.getByRole("link").first().innerText()).trim();
  await preview.getByRole("link").first().click();
  await page
    .getByRole("heading", { name: who.slice(1) })
    .or(page.getByText(who))
    .first()
    .waitFor();
});

test("[TG1] [TG2] a tag that is merged is gone from every card, and its contacts are counted where they went", async () => {
  await page.goto(`${product.url}/settings/tags`);
  const [agency, coaching] = (await tags()).filter(({ name }) => ["agency", "coaching"].includes(name));
  const chip = watching.locator("[data-card]").getByText("agency", { exact: true });
  await page.getByRole("button", { name: "Merge agency into another tag" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Merge into/ }).click();
  await page
    .getByRole("menuitemradio", { name: "coaching" })
    .or(page.getByRole("menuitem", { name: "coaching" }))
    .click();
  await dialog.getByRole("button", { name: "Merge", exact: true }).click();
  await eventually(async () => expect((await tags()).some(({ id }) => id === agency?.id)).toBe(false));
  await eventually(async () => expect(await chip.count()).toBe(0));
  const merged = (await tags()).find(({ id }) => id === coaching?.id)?.contacts ?? 0;
  expect(merged).toBeGreaterThanOrEqual(Math.max(agency?.contacts ?? 0, coaching?.contacts ?? 0));
  await page.locator(`[data-tag="${coaching?.id}"]`).getByText(String(merged)).waitFor();
});

test("[SE1] [SE2] [TN4] a new lost reason is offered at once elsewhere; members read settings and change none", async () => {
  await page.getByRole("link", { name: "Lost reasons" }).click();
  await page.getByLabel("New lost reason").fill("Moved away");
  await page.getByRole("button", { name: "Add reason" }).click();
  await watching.locator("[data-card]").first().click();
  await watching
    .getByRole("button", { name: /^Lead status/ })
    .first()
    .click();
  await watching
    .getByRole("menuitemradio", { name: /Lost/ })
    .or(watching.getByRole("menuitem", { name: /Lost/ }))
    .click();
  await watching.getByRole("dialog").getByRole("button", { name: "Moved away" }).waitFor();
  await watching.keyboard.press("Escape");
  await watching.goto(`${product.url}/settings/stages`);
  await watching.getByText("Only owners and admins change stages. You can read them.").waitFor();
  expect(await watching.getByRole("button", { name: "Add stage" }).count()).toBe(0);
  expect(await watching.locator("[data-handle]").count()).toBe(0);
  expect([...ana.errors, ...jade.errors]).toEqual([]);
});
