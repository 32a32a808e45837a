// `npm run bench`: every row of the targets in docs/performance.md, each against its floor in the same run. Prints
// tables and writes bench/results.json. `-- --large` goes up to a million contacts and events; `-- live browser`
// measures these parts alone; `-- --write` puts the tables into docs/performance.md, too.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { format } from "prettier";
import type { Row } from "./measure.ts";

const LARGE = process.argv.includes("--large");
const DOCUMENT = join(import.meta.dirname, "../docs/performance.md");
const [BEGIN, END] = ["<!-- results -->", "<!-- end of results -->"];
const chosen = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const RESULTS = join(import.meta.dirname, "results.json");
const LINES = `${RESULTS}.lines`;

const PARTS: { name: string; args: string[] }[] = [
  { name: "live", args: [] },
  { name: "many-viewers", args: [] },
  { name: "many-writes", args: [] },
  { name: "many-nodes", args: [] },
  { name: "many-contacts", args: [LARGE ? "1000000" : "100000"] },
  { name: "browser", args: [] },
  { name: "page-size", args: [] },
  { name: "list", args: ["100000"] },
  { name: "reports", args: [LARGE ? "1000000" : "200000"] },
];

type Table = { title: string; rows: Row[] };

rmSync(LINES, { force: true });
const failed: string[] = [];
const start = performance.now();
for (const { name, args } of PARTS) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...args], {
    stdio: "inherit",
    env: { ...process.env, BENCH_JSON: LINES },
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) failed.push(name);
}

const tables = readFileSync(LINES, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Table);
rmSync(LINES, { force: true });
const machine = {
  node: process.version,
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? "unknown",
  memoryGiB: Math.round(totalmem() / 2 ** 30),
};
const seconds = Math.round((performance.now() - start) / 1_000);
writeFileSync(
  RESULTS,
  `${JSON.stringify({ at: new Date().toISOString(), seconds, machine, tables }, null, 2)}\n`,
);

/** Keeps what people wrote around the tables. */
async function writeDocument(): Promise<void> {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? "";
  const asTable = ({ title, rows }: Table): string =>
    [
      `**${title}**`,
      "",
      "| | row | floor | product | ratio | target | |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      ...rows.map(({ id = "", row, floor, product, ratio, target, isReached }) => {
        const verdict = isReached === undefined ? "" : isReached ? "reached" : "**not reached**";
        return `| ${[id, row, floor, product, ratio, target, verdict].join(" | ")} |`;
      }),
    ].join("\n");
  const { node, cores, cpu, memoryGiB } = machine;
  const head = `Measured on ${new Date().toISOString().slice(0, 10)}: Node ${node}, ${cores} cores (${cpu}), ${memoryGiB} GiB, everything on one machine, in ${seconds} s.`;
  const body = [before + BEGIN, head, ...tables.map(asTable), END + after].join("\n\n");
  writeFileSync(DOCUMENT, await format(body, { parser: "markdown", printWidth: 110 }));
}
if (process.argv.includes("--write")) await writeDocument();

const judged = tables.flatMap(({ rows }) => rows).filter(({ isReached }) => isReached !== undefined);
const missed = judged.filter(({ isReached }) => !isReached);
console.log(
  `\n${judged.length - missed.length} of ${judged.length} targets reached in ${seconds} s; ${RESULTS}`,
);
for (const { id, row, ratio, product, target } of missed)
  console.log(`NOT reached: ${id} ${row}: ${ratio || product} (${target})`);
for (const name of failed) console.error(`${name} did not end well`);
process.exit(failed.length > 0 ? 1 : 0);
