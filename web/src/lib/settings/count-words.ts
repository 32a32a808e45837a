import { formatValue } from "@dmtracker/shared/pipeline/money.ts";

/** "1 contact", "12,000 contacts" */
export const contactsOf = (count: number): string =>
  count === 1 ? "1 contact" : `${formatValue(count)} contacts`;
