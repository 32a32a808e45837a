import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBrowser, signIn, type Person } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { watchShifts } from "../support/layout-shift.ts";
import { startDemo } from "../support/product-process.ts";

// One day of two reps who work at the same time, without the mouse and without a page load, while a program sends
// replies. FILM_STRIP=<folder> keeps a screenshot of every step of the first rep, FILM_WIDTH=390 as on a phone.

const WIDTH = Number(process.env.FILM_WIDTH ?? 1280);
const viewport = { width: WIDTH, height: WIDTH < 600 ? 844 : 800 };

const product = await startDemo();
const { password = "", token = "" } = product;
const browser = await openBrowser();

type Rep = Person & {
  id: string;
  /** Open contacts of this rep that nobody has worked today. */
  left: Contact[];
  film: (name: string) => Promise<void>;
};

async function listed(query: string): Promise<Contact[]> {
  const { body } = await call<ContactListPage>(product.url, "GET", `/contacts?limit=100&${query}`, { token });
  return body.data.contacts;
}

async function everybody(): Promise<Contact[]> {
  const contacts: Contact[] = [];
  for (let cursor = ""; ;) {
    const path = `/contacts?limit=100&sort=username${cursor && `&cursor=${cursor}`}`;
    const { body } = await call<ContactListPage>(product.url, "GET", path, { token });
    contacts.push(...body.data.contacts);
    if (body.data.next === null) return contacts;
    cursor = encodeURIComponent(body.data.next);
  }
}

async function loadContact(contactId: string): Promise<Contact> {
  const { body } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${contactId}`, { token });
  return body.data.contact;
}

async function countIn(stage: string): Promise<number> {
  const path = `/contacts?limit=1&stage=${stage}`;
  const { body } = await call<ContactListPage>(product.url, "GET", path, { token });
  return body.data.total;
}

type Pipelines = { pipelines: { stages: { id: string; name: string }[] }[] };
const { body: answered } = await call<Pipelines>(product.url, "GET", "/pipelines", { token });
const stages = answered.data.pipelines[0]?.stages ?? [];
const stageId = (name: string) => stages.find((stage) => stage.name === name)?.id ?? "";

let frame = 0;
async function takeFilm({ page }: Person, name: string): Promise<void> {
  const folder = process.env.FILM_STRIP;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const number = String((frame += 1)).padStart(2, "0");
  await page.screenshot({ path: join(folder, `${WIDTH}-${number}-${name}.png`) });
}

async function startDay(email: string, isFilmed: boolean): Promise<Rep> {
  const person = await signIn(browser, product, password, email, { viewport });
  const me = await person.page.evaluate(async () => {
    // Gone after a page load.
    document.documentElement.dataset.sameDocument = "yes";
    const answer = await fetch("/api/v1/me");
    return ((await answer.json()) as { data: { user: { id: string } } }).data.user.id;
  });
  const left = await listed(`assignee=${me}&status=open&sort=last_activity&direction=desc`);
  return { ...person, id: me, left, film: (name) => (isFilmed ? takeFilm(person, name) : Promise.resolve()) };
}

const ana = await startDay(product.email ?? "", true);
const marcus = await startDay("marcus@demo.example", false);
const reps = [ana, marcus];
const both = (work: (rep: Rep) => Promise<void>) => Promise.all(reps.map(work));

/** The next contact of a rep's own that meets a condition; nobody else takes it. */
function take({ left }: Rep, meets: (contact: Contact) => boolean = () => true): Contact {
  const at = left.findIndex(meets);
  const [contact] = at < 0 ? [] : left.splice(at, 1);
  if (!contact) throw new Error("the demo has too few open contacts for this day");
  return contact;
}

/** Open contacts of the first stage that belong to neither rep, every other one for each: who they are depends on the hour. */
const spare = (await everybody()).filter(
  ({ stageId: at, leadStatus, assigneeId }) =>
    at === stages[0]?.id && leadStatus === "open" && !reps.some(({ id }) => id === assigneeId),
);

/** One of the drawn contacts of the first stage: the rep's own, or one that belongs to neither. */
function takeDrawn(rep: Rep, drawn: readonly (string | null)[]): Contact {
  const isThere = ({ id, stageId: at }: Contact) => drawn.includes(id) && at === stages[0]?.id;
  if (rep.left.some(isThere)) return take(rep, isThere);
  const at = spare.findIndex((contact, index) => isThere(contact) && index % 2 === reps.indexOf(rep));
  const contact = spare[at];
  if (!contact) throw new Error("the first stage of the demo has too few open contacts for this day");
  // In its place stands nobody, so that the others stay whose they are.
  spare[at] = { ...contact, id: "" };
  return contact;
}

const opened = ({ page }: Person) => page.getByRole("region", { name: "Contact", exact: true });

async function choose({ page }: Person, words: string, option: RegExp): Promise<void> {
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type(words);
  // What Enter would take: while letters still arrive, another may stand before it.
  await page.getByRole("option", { name: option, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("combobox").waitFor({ state: "detached" });
}

async function goTo(rep: Person, words: string, address: string): Promise<void> {
  await rep.page.keyboard.press("Control+k");
  await choose(rep, words, new RegExp(`^${words}`, "i"));
  await rep.page.waitForURL(address);
}

async function openContact(rep: Rep, { username }: Contact): Promise<void> {
  await rep.page.keyboard.press("Control+k");
  await choose(rep, `@${username}`, new RegExp(`^@${username.replaceAll(".", "\\.")} `));
  await opened(rep).getByRole("heading", { level: 2 }).first().waitFor();
  await opened(rep).getByText(`@${username}`).first().waitFor();
}

const inHand = ({ page }: Person, of: "followUpLink" | "rowLink") =>
  page.evaluate((key) => (document.activeElement as HTMLElement | null)?.dataset[key], of);

let replies = 0;
/** What an integration does all day: somebody has answered. */
async function reply({ username }: Pick<Contact, "username">): Promise<string> {
  const text = `Reply number ${(replies += 1)}`;
  const body = { manychat_id: 880_000 + replies, username, message_content: text };
  const { status } = await call(product.url, "POST", "/contact/default-reply", { token, body });
  expect([200, 201]).toContain(status);
  return text;
}
const strangers = (await listed("status=open")).filter(
  ({ assigneeId }) => !reps.some(({ id }) => id === assigneeId),
);
const answerers = strangers.values();
const nextReply = (): Promise<string> => {
  const { value } = answerers.next();
  return reply(value ?? { username: `new.lead.${replies}` });
};

test("[KB5] what is due is there after signing in, and is done, snoozed and written to by keyboard", async () => {
  await both(async (rep) => {
    const { page, film } = rep;
    const { keyboard } = page;
    await film("signed-in");
    await goTo(rep, "follow-ups", "**/follow-ups");
    await page.locator("[data-follow-up]").first().waitFor();
    await film("what-is-due");
    await nextReply();

    await page.locator("[data-follow-up-link]").first().focus();
    const done = (await inHand(rep, "followUpLink")) ?? "";
    await keyboard.press("c");
    await eventually(async () => expect((await loadContact(done)).followUp).toBeNull());
    await eventually(async () => expect(await inHand(rep, "followUpLink")).not.toBe(done));
    const snoozed = (await inHand(rep, "followUpLink")) ?? "";
    await keyboard.press("z");
    await page.getByRole("menuitem", { name: /Tomorrow/ }).waitFor();
    await film("snooze");
    await keyboard.press("Enter");
    await eventually(async () =>
      expect(Date.parse((await loadContact(snoozed)).followUp?.dueAt ?? "")).toBeGreaterThan(Date.now()),
    );
    await nextReply();
    rep.left = rep.left.filter(({ id }) => id !== done && id !== snoozed);
  });
});

test("[KB5] [CS1] outreach and replies are logged in the open contact, and only they move the conversation status", async () => {
  await both(async (rep) => {
    const { page, film } = rep;
    const { keyboard } = page;
    for (const [key, words, status] of [
      ["o", "Shall I send you the details?", "no_reply"],
      ["r", "Yes please, today", "replied"],
      ["o", "Here they are. Any questions?", "no_reply"],
    ] as const) {
      const contact = take(rep);
      await openContact(rep, contact);
      await keyboard.press(key);
      await keyboard.type(words);
      if (key === "r") await film("log-a-reply");
      await keyboard.press("Control+Enter");
      await eventually(async () =>
        expect(await loadContact(contact.id)).toMatchObject({
          leadStatus: "open",
          conversationStatus: key === "r" && !contact.lastMessage ? "new_message" : status,
          lastMessage: { text: words },
        }),
      );
      await opened(rep).getByRole("region", { name: "Activity" }).getByText(words).first().waitFor();
      await keyboard.press("Escape");
      await nextReply();
    }
    await film("logged");
    await keyboard.press("Escape");
    await opened(rep).waitFor({ state: "detached" });
  });
});

test("[KB5] five are moved on: on the board by m, and lifted with Space", async () => {
  await both(async (rep) => {
    const { page, film } = rep;
    await goTo(rep, "pipeline", "**/pipeline/**");
    await page.locator("[data-card]").first().waitFor();
    await film("board");
    for (let count = 0; count < 5; count += 1) {
      const drawn = await page
        .locator("[data-card-link]")
        .evaluateAll((cards) => cards.map((element) => element.getAttribute("data-card-link")));
      const target = count < 3 ? "Meeting Booked" : "Interested";
      const contact = takeDrawn(rep, drawn);
      const link = page.locator(`[data-card-link="${contact.id}"]`);
      await link.focus();
      if (count < 3) {
        await page.keyboard.press("m");
        if (count === 0) await film("move-to");
        await choose(rep, "meeting", /Meeting Booked/);
      } else {
        await page.keyboard.press("Space");
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("ArrowRight");
        if (count === 3) await film("lifted");
        await page.keyboard.press("Space");
      }
      await eventually(async () => expect((await loadContact(contact.id)).stageId).toBe(stageId(target)));
      await nextReply();
    }
    await film("five-moved");
  });
});

test("[KB5] [LS3] one is won with its value, one is lost with its reason, before anything is written", async () => {
  await both(async (rep) => {
    const { page, film } = rep;
    const [won, lost] = [take(rep), take(rep)];
    await openContact(rep, won);
    await film("contact");
    await page.keyboard.press("2");
    await page.getByRole("dialog", { name: /as Won/ }).waitFor();
    expect((await loadContact(won.id)).leadStatus).toBe("open");
    await page.keyboard.type("1,250");
    await film("won-asks-for-the-value");
    await page.keyboard.press("Enter");
    await eventually(async () =>
      expect(await loadContact(won.id)).toMatchObject({ leadStatus: "won", value: 1250 }),
    );
    await page.getByRole("dialog", { name: /as Won/ }).waitFor({ state: "detached" });
    await film("won");
    await openContact(rep, lost);
    await page.keyboard.press("3");
    await page.getByRole("dialog", { name: /as Lost/ }).waitFor();
    await page.keyboard.type("Chose a competitor");
    await film("lost-asks-why");
    await page.keyboard.press("Enter");
    await eventually(async () =>
      expect(await loadContact(lost.id)).toMatchObject({
        leadStatus: "lost",
        lostReason: "Chose a competitor",
      }),
    );
    await page.getByRole("dialog", { name: /as Lost/ }).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await opened(rep).waitFor({ state: "detached" });
    await nextReply();
  });
});

test("[KB5] [BK1] three are chosen and abandoned as one act, and Ctrl+Z makes them Open again", async () => {
  await both(async (rep) => {
    const { page, film } = rep;
    const { keyboard } = page;
    await goTo(rep, "contacts", "**/contacts");
    await page.locator("[data-row-link]").first().waitFor();
    await page.locator("[data-row-link]").first().focus();
    await film("contacts");
    const chosen: string[] = [];
    for (let step = 0; step < 120 && chosen.length < 3; step += 1) {
      const id = (await inHand(rep, "rowLink")) ?? "";
      if (rep.left.some((contact) => contact.id === id)) {
        await keyboard.press("x");
        chosen.push(take(rep, (contact) => contact.id === id).id);
      }
      if (chosen.length < 3) {
        await keyboard.press("j");
        await eventually(async () => expect(await inHand(rep, "rowLink")).not.toBe(id));
      }
    }
    await page.getByText("3 selected").waitFor();
    await film("three-chosen");
    await keyboard.press("4");
    const statuses = async () => {
      const contacts = await Promise.all(chosen.map(loadContact));
      return contacts.map(({ leadStatus }) => leadStatus);
    };
    await eventually(async () => expect(await statuses()).toEqual(["abandoned", "abandoned", "abandoned"]));
    await page.getByText(/: 3 contacts$/).waitFor();
    await film("abandoned");
    await keyboard.press("Control+z");
    await eventually(async () => expect(await statuses()).toEqual(["open", "open", "open"]));
    await film("undone");
    await nextReply();
  });
});

test("[KB5] [RT1] in the evening both screens and the API say the same", async () => {
  await both((rep) => goTo(rep, "pipeline", "**/pipeline/**"));
  await eventually(async () => {
    for (const { page } of reps) {
      for (const { id, name } of stages) {
        const [column] = await page.locator(`[data-column="${id}"]`).all();
        // A phone shows one column at a time.
        const label = (await column?.getAttribute("aria-label")) ?? undefined;
        if (label) expect(label).toBe(`${name}, ${await countIn(id)} contacts`);
      }
      const shown = await page
        .locator("[data-card]")
        .evaluateAll((cards) =>
          cards.map((card) => [
            card.getAttribute("data-card") ?? "",
            /: (\w+)\. Change/
              .exec(
                card.querySelector('[aria-label^="Lead status of"]')?.getAttribute("aria-label") ?? "",
              )?.[1]
              ?.toLowerCase() ?? "",
          ]),
        );
      const truth = new Map((await everybody()).map(({ id, leadStatus }) => [id, leadStatus]));
      for (const [id = "", status] of shown) expect([id, status]).toEqual([id, truth.get(id)]);
    }
  });
  await ana.film("evening");
});

test("[KB6] nothing on the page jumps when live events arrive", async () => {
  const watch = await watchShifts(ana.page);
  for (const [words, address] of [
    ["pipeline", "**/pipeline/**"],
    ["contacts", "**/contacts"],
    ["follow-ups", "**/follow-ups"],
  ] as const) {
    await goTo(ana, words, address);
    await ana.page.locator("[data-card], [data-row], [data-follow-up]").first().waitFor();
    await watch.quiet();
    const drawn = ana.page.locator("[data-card], [data-row], [data-follow-up]");
    const ids = await drawn.evaluateAll((all) =>
      all.map(({ dataset }) => dataset.card ?? dataset.row ?? dataset.followUp ?? ""),
    );
    let last = "";
    let username = "";
    for (const id of ids.slice(0, 5)) {
      ({ username } = await loadContact(id));
      last = await reply({ username });
    }
    // Where a phone has no room for messages it names people.
    const name = `Known from ${last}`;
    const body = { username, display_name: name };
    await call(product.url, "POST", "/organization/create-contact", { token, body });
    const seen = ana.page.getByText(new RegExp(`${last}$`)).or(ana.page.getByText(name));
    await seen.filter({ visible: true }).first().waitFor();
    expect(await watch.sum(), words).toBeLessThan(0.1);
    await ana.film(`live-${words}`);
  }
});

test("[KB7] a phone names four pages whole, and the others are behind More, for fingers and keys alike", async () => {
  const phone = await signIn(browser, product, password, "jade@demo.example", {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  const { page } = phone;
  const bar = page.getByRole("navigation", { name: "Pages", exact: true }).filter({ visible: true });
  expect(await bar.getByRole("link").count()).toBe(4);
  const more = bar.getByRole("button", { name: "More" });
  await more.focus();
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "More" });
  await sheet.getByRole("link", { name: "Reports" }).waitFor();
  await takeFilm(phone, "more");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await eventually(async () =>
    expect(await more.evaluate((one) => one === document.activeElement)).toBe(true),
  );
  await more.tap();
  await sheet.getByRole("link", { name: "Settings" }).tap();
  await page.waitForURL("**/settings/**");
  await sheet.waitFor({ state: "detached" });
  expect(phone.errors).toEqual([]);
  await phone.context.close();
});

test("[KB5] nobody's page was loaded anew, and none has thrown anything", async () => {
  for (const { page, errors } of reps) {
    expect(await page.evaluate(() => document.documentElement.dataset.sameDocument)).toBe("yes");
    expect(errors).toEqual([]);
  }
});
