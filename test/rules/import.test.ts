import { IMPORT_FIELDS } from "@dmtracker/shared/contracts/import-fields.ts";
import { defuseCell, findDelimiter, readCell } from "@dmtracker/shared/pipeline/csv-words.ts";
import { guessMapping } from "@dmtracker/shared/pipeline/guess-mapping.ts";
import { readAmount, readImportRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

const stages = [
  { id: "a".repeat(24), name: "Outreach Sent", colour: "#64748b" },
  { id: "b".repeat(24), name: "Closed", colour: "#64748b" },
];

test("[IM1] columns are guessed by the names that people and other products give them, each once", () => {
  expect(guessMapping(["Instagram Username", "Full Name", "E-Mail", "Deal Value", "Pipeline stage"])).toEqual(
    {
      username: 0,
      displayName: 1,
      email: 2,
      value: 3,
      stage: 4,
    },
  );
  expect(guessMapping(["Name", "Handle", "Status", "Lead Status"])).toEqual({
    username: 1,
    displayName: 0,
    status: 3,
  });
  expect(guessMapping(["foo", "bar"])).toEqual({});
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 20 }), (columns) => {
      const chosen = Object.values(guessMapping(columns));
      expect(new Set(chosen).size).toBe(chosen.length);
      expect(chosen.every((column) => column < columns.length)).toBe(true);
    }),
  );
});

test("[IM2] what separates the cells is found, also when other signs stand inside of quotes", () => {
  expect(findDelimiter("username,name\nkim,Kim\n")).toBe(",");
  expect(findDelimiter('username;name;notes\nkim;"Kim, a; b";x\nlee;Lee;y\n')).toBe(";");
  expect(findDelimiter("username\tname, full\nkim\tKim\nlee\tLee")).toBe("\t");
  expect(findDelimiter("a|b\nc|d")).toBe("|");
  expect(findDelimiter("username\nkim")).toBe(",");
});

test("[IM3] a row is read whole: every wrong cell is named with its reason, empty ones say nothing", () => {
  const mapping = Object.fromEntries(IMPORT_FIELDS.map((field, index) => [field, index]));
  const read = (...cells: string[]) => readImportRow({ row: 7, cells }, mapping, stages);
  expect(
    read(
      "@Kim.Fit",
      "Kim",
      "kim@x.io",
      "+49 1",
      "€ 1.200,50",
      "vip; VIP2 | x",
      "closed",
      "WON",
      "",
      "Hi",
      "42",
    ),
  ).toEqual({
    ok: true,
    row: {
      username: "kim.fit",
      displayName: "Kim",
      email: "kim@x.io",
      phone: "+49 1",
      value: 1200.5,
      tags: ["vip", "VIP2", "x"],
      stageId: "b".repeat(24),
      status: "won",
      notes: "Hi",
      manychatId: "42",
    },
  });
  expect(read(" kim ")).toEqual({ ok: true, row: { username: "kim" } });
  // Shown with an @ of its own.
  expect(read("@kim", "", "nope")).toMatchObject({ ok: false, username: "kim" });
  expect(read("", "", "nope", "", "twelve", "", "Nowhere", "maybe")).toMatchObject({
    ok: false,
    problems: [
      { row: 7, field: "Username", reason: "is empty" },
      { row: 7, field: "E-mail" },
      { row: 7, field: "Deal value", reason: '"twelve" is no amount' },
      { row: 7, field: "Stage", reason: "is no stage. The stages are: Outreach Sent, Closed" },
      { row: 7, field: "Lead status", reason: "must be one of: open, won, lost, abandoned" },
    ],
  });
});

test("[IM3] amounts are understood as they are written in most countries, or not at all", () => {
  const cases: [string, number | undefined][] = [
    ["1200", 1200],
    ["1,200", 1200],
    ["1.200", 1200],
    ["1,200.50", 1200.5],
    ["1.200,50", 1200.5],
    ["1'200.5", 1200.5],
    ["$1,234,567.89", 1234567.89],
    ["12,5", 12.5],
    ["0.99", 0.99],
    ["1,23,456", undefined],
    ["1.2.3", undefined],
    ["-5", undefined],
    ["1e9", undefined],
    ["", undefined],
  ];
  for (const [text, amount] of cases) expect([text, readAmount(text)]).toEqual([text, amount]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000 }), (cents) => {
      expect(readAmount(String(cents / 100))).toBe(cents / 100);
    }),
  );
});

test("[EX2] no exported text is a formula to a spreadsheet, and an import reads it back as it was", () => {
  for (const evil of ["=1+1", "+49 151", "-2", "@SUM(A1)", "\tx", "\r=1"]) {
    expect(defuseCell(evil)).toBe(`'${evil}`);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(defuseCell(text)).not.toMatch(/^[=+\-@\t\r\n]/);
      // Text that already has such an apostrophe is the one thing that reads as if we had put it there.
      fc.pre(readCell(text) === text.trim());
      expect(readCell(defuseCell(text))).toBe(text.trim());
    }),
  );
});
