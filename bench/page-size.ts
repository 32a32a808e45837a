// `npm run bench:page`: the script that the board page needs before it works, gzipped; what comes later is not counted.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { printTable } from "./measure.ts";

const WEB = join(import.meta.dirname, "../web/.svelte-kit");
const CLIENT = join(WEB, "output/client");
const LIMIT_KB = 130;

type Chunk = { file: string; imports?: string[] };
const manifest = JSON.parse(readFileSync(join(CLIENT, ".vite/manifest.json"), "utf8")) as Record<
  string,
  Chunk
>;
const names = Object.keys(manifest);

/** The layouts and the page that Kit puts together for the board, found by what their modules take in. */
const nodeOf = (source: string): string | undefined =>
  names.find(
    (name) =>
      /nodes\/\d+\.js$/.test(name) && readFileSync(join(WEB, "..", name), "utf8").includes(`${source}"`),
  );

const needed = new Map<string, number>();
function take(name: string | undefined): void {
  const chunk = name === undefined ? undefined : manifest[name];
  if (name === undefined || !chunk) throw new Error("the built pages are not as expected: run npm run build");
  if (needed.has(name)) return;
  needed.set(name, gzipSync(readFileSync(join(CLIENT, chunk.file))).length);
  for (const other of chunk.imports ?? []) take(other);
}
take(names.find((name) => name.endsWith("client/entry.js")));
take(names.find((name) => name.endsWith("client-optimized/app.js")));
for (const source of ["routes/+layout.svelte", "routes/(app)/+layout.svelte", "[pipelineId]/+page.svelte"])
  take(nodeOf(source));

const kilobytes = [...needed.values()].reduce((sum, bytes) => sum + bytes, 0) / 1024;
printTable("What the board page loads before it works.", [
  {
    id: "P7",
    row: `script of the board page, ${needed.size} files`,
    floor: "",
    product: `${kilobytes.toFixed(1)} KB gz`,
    ratio: "",
    target: `<= ${LIMIT_KB} KB gz`,
    isReached: kilobytes <= LIMIT_KB,
  },
]);
