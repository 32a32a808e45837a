import { expect, test, vi } from "vitest";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { FoundContacts } from "../../web/src/lib/commands/find-contacts.svelte.ts";
import { grouped, rankCommands, scoreOf } from "../../web/src/lib/commands/rank-commands.ts";
import type { ContactListQuery } from "../../web/src/lib/api/contacts.ts";

const labels = (query: string, ...all: (string | [string, string])[]) =>
  rankCommands(
    query,
    all.map((one) => (typeof one === "string" ? { label: one } : { label: one[0], words: one[1] })),
  ).map(({ label }) => label);

test("[KB3] the whole name comes before its beginning, that before the words in it, those before other words", () => {
  expect(
    labels(
      "lost",
      ["Move to the end", "lost"],
      "Lost and found",
      "Mark as Lost",
      "Almost lost cause",
      "Lost",
      "Glosty",
    ),
  ).toEqual(["Lost", "Lost and found", "Mark as Lost", "Almost lost cause", "Move to the end", "Glosty"]);
});

test("[KB3] case, accents and the order of words make no difference; an abbreviation finds its words", () => {
  expect(labels("CAFE", "Café")).toEqual(["Café"]);
  expect(labels("booked meeting", "Meeting Booked", "Meeting")).toEqual(["Meeting Booked"]);
  expect(labels("mbk", "Meeting Booked")).toEqual(["Meeting Booked"]);
  expect(scoreOf("x", { label: "Next" })).toBeGreaterThan(0);
  expect(labels("zz", "Meeting Booked")).toEqual([]);
});

test("[KB3] without a query everything stands in its own order; equals keep it", () => {
  expect(labels("  ", "b", "a")).toEqual(["b", "a"]);
  expect(labels("mark", "Mark as Won", "Mark as Lost")).toEqual(["Mark as Won", "Mark as Lost"]);
  const groups = grouped([
    { group: "Stages", label: 1 },
    { group: "People", label: 2 },
    { group: "Stages", label: 3 },
  ]);
  expect(groups.map(({ group, commands }) => [group, commands.length])).toEqual([
    ["Stages", 2],
    ["People", 1],
  ]);
});

test("[KB3] [FI11] contacts are asked of the server by handle, and late answers to an earlier text are dropped", async () => {
  vi.useFakeTimers();
  const asked: { query: ContactListQuery; answer: (page: ContactListPage) => void }[] = [];
  const found = new FoundContacts(
    "pipeline",
    (query) => new Promise((answer) => asked.push({ query, answer })),
  );
  const page = (username: string) => ({ contacts: [{ username }], next: null }) as unknown as ContactListPage;
  found.find("@ki");
  found.find("@kim");
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.map(({ query }) => query.filter)).toEqual([{ search: "kim" }]);
  found.find("kimber");
  await vi.advanceTimersByTimeAsync(200);
  asked[1]?.answer(page("kimberly"));
  asked[0]?.answer(page("kim"));
  await vi.advanceTimersByTimeAsync(0);
  expect(found.contacts.map(({ username }) => username)).toEqual(["kimberly"]);
  found.find("");
  expect([found.contacts, found.searching]).toEqual([[], false]);
  vi.useRealTimers();
});
