import {
  CONTACT_COLUMNS,
  DEFAULT_COLUMNS,
  type ContactColumn,
} from "@dmtracker/shared/contracts/contact-columns.ts";
import { beforeEach, expect, test } from "vitest";
import { ListColumns } from "../../web/src/lib/contact-list/list-columns.svelte.ts";

const remembered = new Map<string, string>();
beforeEach(() => {
  remembered.clear();
  globalThis.localStorage = {
    getItem: (key: string) => remembered.get(key) ?? null,
    setItem: (key: string, value: string) => void remembered.set(key, value),
  } as unknown as Storage;
});

function open(named?: readonly ContactColumn[]) {
  const address = {
    columns: named,
    arrange(columns: readonly ContactColumn[]) {
      this.columns = columns;
    },
  };
  return { address, columns: new ListColumns("me", address) };
}

test("[SV6] columns are chosen and ordered, and a person finds them as they left them", () => {
  const { columns } = open();
  expect(columns.ids).toEqual(DEFAULT_COLUMNS);
  columns.toggle("created");
  columns.move("status", 1);
  columns.move("conversation", -1);
  expect(columns.ids.slice(0, 2)).toEqual(["conversation", "status"]);
  expect(open().columns.ids).toEqual(columns.ids);
  expect(
    open()
      .columns.choices.map(({ id }) => id)
      .sort(),
  ).toEqual([...CONTACT_COLUMNS].sort());
  expect(open().columns.isShown("created")).toBe(false);
  columns.toggle("created");
  expect(columns.ids.at(-1)).toBe("created");
});

test("[SV6] a column that came after the choice was made shows itself; nonsense in the memory is no harm", () => {
  remembered.set("contacts:columns:me", JSON.stringify({ shown: ["value", "gone"], hidden: ["status"] }));
  expect(open().columns.ids).toEqual([
    "value",
    ...DEFAULT_COLUMNS.filter((id) => id !== "value" && id !== "status"),
  ]);
  remembered.set("contacts:columns:me", "{{");
  expect(open().columns.ids).toEqual(DEFAULT_COLUMNS);
});

test("[SV6] columns that the address names come first, and changing them changes the address, not the memory", () => {
  const { address, columns } = open(["value", "status"]);
  expect(columns.ids).toEqual(["value", "status"]);
  columns.move("value", 1);
  expect(address.columns).toEqual(["status", "value"]);
  expect(remembered.size).toBe(0);
});
