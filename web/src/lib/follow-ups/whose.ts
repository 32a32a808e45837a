export type Whose = "mine" | "everyone";

export const WHOSE: Record<Whose, string> = { mine: "Mine", everyone: "Everyone" };

/** As the address says; one's own when it says nothing. */
export function whoseOf(text: string | null): Whose {
  return text === "everyone" ? "everyone" : "mine";
}
