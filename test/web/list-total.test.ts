import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Recount } from "../../web/src/lib/state/list-total.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function aCount() {
  const answers: ((isAnswered: boolean) => void)[] = [];
  const recount = new Recount(() => new Promise((resolve) => answers.push(resolve)));
  return { recount, answers };
}
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("many wishes are one question, and what is wished while it is asked is asked again", async () => {
  const { recount, answers } = aCount();
  for (let wish = 0; wish < 5; wish += 1) recount.want();
  await wait(200);
  expect(answers).toHaveLength(1);
  recount.want();
  answers[0]?.(true);
  await wait(2_000);
  expect(answers).toHaveLength(2);
});

test("a question without an answer is asked again after a while", async () => {
  const { recount, answers } = aCount();
  recount.want();
  await wait(200);
  answers[0]?.(false);
  await wait(4_000);
  expect(answers).toHaveLength(2);
});

test("what is stopped while it is asked is not asked again by itself, but may be wished for anew", async () => {
  const { recount, answers } = aCount();
  recount.want();
  await wait(200);
  recount.stop();
  answers[0]?.(false);
  await wait(10_000);
  expect(answers).toHaveLength(1);
  recount.want();
  await wait(2_000);
  expect(answers).toHaveLength(2);
});
