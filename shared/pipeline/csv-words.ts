/** A spreadsheet takes a cell that begins so for a formula and runs it. */
const FORMULA = /^[=+\-@\t\r\n]/;
const DEFUSED = /^'(?=[=+\-@\t\r\n])/;

/** A cell that is only ever text: what would be a formula gets an apostrophe in front, as spreadsheets write it. */
export const defuseCell = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** The text behind an apostrophe that was only there to keep it from being a formula. */
export const readCell = (text: string): string => text.replace(DEFUSED, "").trim();

const DELIMITERS = [",", ";", "\t", "|"] as const;
const LINES_LOOKED_AT = 20;

/** How often each delimiter stands in each of the first lines, outside of quotes. */
function countByLine(text: string): Map<string, number>[] {
  const lines: Map<string, number>[] = [];
  let counts = new Map<string, number>();
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "\n") {
      lines.push(counts);
      if (lines.length === LINES_LOOKED_AT) return lines;
      counts = new Map();
    } else counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  lines.push(counts);
  return lines;
}

/**
 * What separates the cells: the one that the first line has, and that the most lines after it have equally often.
 * A comma when there is only one column.
 */
export function findDelimiter(text: string): string {
  const [head, ...rest] = countByLine(text);
  let best: { delimiter: string; alike: number; cells: number } | undefined;
  for (const delimiter of DELIMITERS) {
    const cells = head?.get(delimiter) ?? 0;
    if (cells === 0) continue;
    const alike = rest.filter((line) => (line.get(delimiter) ?? 0) === cells).length;
    const isBetter = !best || alike > best.alike || (alike === best.alike && cells > best.cells);
    if (isBetter) best = { delimiter, alike, cells };
  }
  return best?.delimiter ?? ",";
}
