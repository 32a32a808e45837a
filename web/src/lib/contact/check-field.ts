import { parseValue } from "@dmtracker/shared/pipeline/money.ts";

// The server has the last word; these say the obvious beside the field, before a round trip.

export function checkHandle(text: string): string | undefined {
  const handle = text.replace(/^@+/, "");
  if (handle === "") return "A contact needs its Instagram handle";
  if (/[\s@/]/.test(handle)) return "A handle has no spaces, @ or /";
  return handle.length > 60 ? "At most 60 characters" : undefined;
}

export function checkEmail(text: string): string | undefined {
  if (text === "") return undefined;
  return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text) && text.length <= 254
    ? undefined
    : "An address such as kim@example.com";
}

export function checkPhone(text: string): string | undefined {
  return text === "" || (text.length >= 3 && text.length <= 40) ? undefined : "Between 3 and 40 characters";
}

export function checkLength(most: number): (text: string) => string | undefined {
  return (text) => (text.length > most ? `At most ${most} characters` : undefined);
}

export function checkValue(text: string): string | undefined {
  const value = parseValue(text);
  if (value === undefined) return "A number, such as 1500 or 1,500.50";
  return value !== null && value > 1_000_000_000 ? "At most 1,000,000,000" : undefined;
}
