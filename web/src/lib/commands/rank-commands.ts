/** What a palette can find by its words. */
export type Findable = { label: string; words?: string | undefined };

/** Case and accents make no difference to somebody who types fast. */
export const fold = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function holdsInOrder(text: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

const beginsWord = (text: string, token: string): boolean =>
  text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(token));

/** How well a query finds something: 0 is not at all. */
export function scoreOf(query: string, { label, words = "" }: Findable): number {
  const [wanted, name, more] = [fold(query.trim()), fold(label), fold(words)];
  if (wanted === "") return 1;
  const tokens = wanted.split(/\s+/);
  if (name === wanted) return 100;
  if (name.startsWith(wanted)) return 80;
  if (tokens.every((token) => beginsWord(name, token))) return 60;
  if (tokens.every((token) => beginsWord(`${name} ${more}`, token))) return 40;
  if (name.includes(wanted)) return 20;
  // Letters in order find an abbreviation, when there are enough of them to mean something.
  return wanted.length > 1 && holdsInOrder(name, wanted.replaceAll(/\s/g, "")) ? 10 : 0;
}

/** Those that a query finds, the best first; equals stay in their order. */
export function rankCommands<Command extends Findable>(
  query: string,
  commands: readonly Command[],
): Command[] {
  if (query.trim() === "") return [...commands];
  return commands
    .map((command) => ({ command, score: scoreOf(query, command) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ command }) => command);
}

/** Neighbours of one group under one heading; the group with the best entry comes first. */
export function grouped<Command extends { group: string }>(
  commands: readonly Command[],
): { group: string; commands: Command[] }[] {
  return [...Map.groupBy(commands, ({ group }) => group)].map(([group, members]) => ({
    group,
    commands: members,
  }));
}
