import { describe, expect, test } from "vitest";
import { checkEmail, checkHandle, checkPhone, checkValue } from "../../web/src/lib/contact/check-field.ts";
import { safeNext } from "../../web/src/lib/shell/safe-next.ts";

describe("what is said beside a field before the server is asked", () => {
  test("an empty field is no mistake, except the handle", () => {
    expect([checkEmail(""), checkPhone(""), checkValue("")]).toEqual([undefined, undefined, undefined]);
    expect(checkHandle("@")).toBe("A contact needs its Instagram handle");
  });

  test("what people type passes", () => {
    expect(checkHandle("@kim.fit")).toBeUndefined();
    expect(checkEmail("kim+dm@delgado.co.uk")).toBeUndefined();
    expect(checkPhone("+49 30 1234")).toBeUndefined();
    expect(["1500", "1,500", "$1,500.50", "0"].map(checkValue)).toEqual(Array(4).fill(undefined));
  });

  test("what cannot be meant is refused", () => {
    expect(checkHandle("kim fit")).toBeDefined();
    expect(
      ["kim", "kim@", "kim@fit", "k im@fit.de", "kim@fit..de"].filter((text) => !checkEmail(text)),
    ).toEqual([]);
    expect(["-5", "abc", "1.2.3", "2000000000"].filter((text) => !checkValue(text))).toEqual([]);
  });
});

describe("where signing in leads", () => {
  test("to the page that was wanted", () => {
    expect(safeNext("/contacts/abc?x=1")).toBe("/contacts/abc?x=1");
    expect(safeNext(null)).toBe("/");
  });

  test("never to another site, never in a circle", () => {
    const bad = [
      "//evil.test",
      "/\\evil.test",
      "https://evil.test",
      "javascript:alert(1)",
      "/sign-in?next=/",
      "",
    ];
    expect(bad.map(safeNext)).toEqual(bad.map(() => "/"));
  });
});
