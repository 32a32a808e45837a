import { createGate } from "#server/platform/gate.ts";

/** Each goes through up to a month of one pipeline's log: the memory and the turns of everybody else are at stake. */
const AT_ONCE = 2;

/** What is computed from a long piece of the log goes through here, two at a time in each process; others wait in line. */
export const inPastGate = createGate(AT_ONCE);
