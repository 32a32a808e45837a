const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const EXACT = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A deal value as people read it. The organization's currency is not known, so none is shown. */
export function formatValue(value: number): string {
  return Number.isInteger(value) ? WHOLE.format(value) : EXACT.format(value);
}

/** What someone typed as a value: "1,500", "$1500", "1500.50". null when nothing, undefined when unreadable. */
export function parseValue(text: string): number | null | undefined {
  const plain = text.replace(/[\s,$€£]/g, "");
  if (plain === "") return null;
  if (!/^\d+(\.\d{1,2})?$/.test(plain)) return undefined;
  return Number(plain);
}
