// `npm run rules`: rules of docs/rules.md that no test title quotes. Ends with an error when there are any.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

const rules = [...readFileSync(join(ROOT, "docs/rules.md"), "utf8").matchAll(/\*\*\[([A-Z]+\d+)\]\*\*/g)].map(
  ([, id]) => id,
);
const tests = globSync("test/**/*.ts", { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), "utf8"));
const untested = rules.filter((id) => !tests.some((text) => text.includes(`[${id}]`)));
for (const id of untested) console.error(`no test names [${id}]`);
console.log(`${rules.length - untested.length} of ${rules.length} rules are named by a test`);
process.exit(untested.length > 0 ? 1 : 0);
