import { setFlagsFromString } from "node:v8";
import { type Context, Script, createContext } from "node:vm";
import { CommandError } from "./errors.ts";

// Patterns come from clients, and backtracking takes for ever on some of them. V8 can go over to an engine that
// takes linear time when it notices; the flag "l" tells whether it could do so for a pattern.
setFlagsFromString("--enable-experimental-regexp-engine");
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

/** A pattern of a client, as far as it is needed: whether a text has it. */
export type Pattern = { test: (text: string) => boolean };

// Steps that may be taken without looking at the clock: about a hundredth of a second.
const HARMLESS_STEPS = 1e6;
const MAX_MS = 500;

const compiled = new Map<string, Pattern>();

export function toPattern(source: string, options: string): Pattern {
  const name = `${options}/${source}`;
  let pattern = compiled.get(name);
  if (!pattern) {
    if (compiled.size > 500) compiled.clear();
    compiled.set(name, (pattern = compile(source, options)));
  }
  return pattern;
}

function compile(source: string, options: string): Pattern {
  let flags = "";
  for (const option of options) {
    if ("ims".includes(option)) flags += option;
    else if (option !== "u") throw new CommandError(51108, ` invalid flag in regex options: ${option}`);
  }
  try {
    const regExp = new RegExp(source, flags);
    return isLinear(source, flags) ? regExp : guarded(regExp);
  } catch (error) {
    throw new CommandError(51091, `Regular expression is invalid: ${(error as Error).message}`);
  }
}

function isLinear(source: string, flags: string): boolean {
  try {
    return new RegExp(source, `${flags}l`).source === source;
  } catch {
    return false;
  }
}

let sandbox: { context: Context; script: Script } | undefined;
let left = MAX_MS;

/** A command may spend so much time on slow patterns until it lets others run again. */
export function renewPatternTime(): void {
  left = MAX_MS;
}

/** Case-insensitive patterns, look-around and back references: where they could take long, they run against the clock. */
function guarded(regExp: RegExp): Pattern {
  const repeats = regExp.source.match(/[*+}]/g)?.length ?? 0;
  const isNested = /\)[*+{?]|\\[1-9k]/.test(regExp.source);
  return {
    test: (text) => {
      if (!isNested && (text.length + 1) ** (repeats + 1) <= HARMLESS_STEPS) return regExp.test(text);
      return testInTime(regExp, text);
    },
  };
}

function testInTime(regExp: RegExp, text: string): boolean {
  sandbox ??= { context: createContext({}), script: new Script("regExp.test(text)") };
  Object.assign(sandbox.context, { regExp, text });
  const start = performance.now();
  try {
    return sandbox.script.runInContext(sandbox.context, { timeout: Math.max(1, Math.ceil(left)) }) as boolean;
  } catch {
    throw new CommandError(51156, "Error occurred while executing the regular expression: too many steps");
  } finally {
    // The clock itself takes a part of a millisecond, which is not the fault of the pattern.
    left -= Math.max(0, performance.now() - start - 1);
  }
}
