import { FIRST_ANSWERS_ID, type FirstAnswers } from "@dmtracker/shared/contracts/first-answers.ts";

/** What a page has carried is old news after this time. */
const FRESH_MS = 5_000;

let finding: Promise<FirstAnswers> | undefined;

async function find(): Promise<FirstAnswers> {
  if (document.readyState === "loading")
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  const element = document.getElementById(FIRST_ANSWERS_ID);
  element?.remove();
  return element?.textContent ? (JSON.parse(element.textContent) as FirstAnswers) : {};
}

/**
 * What the page has carried for this path. Once, and only while it starts: whoever asks again wants to know how things
 * are now.
 */
export async function takeFirstAnswer(path: string): Promise<unknown> {
  if (typeof document === "undefined" || performance.now() > FRESH_MS) return undefined;
  const answers = await (finding ??= find());
  const answer = answers[path];
  delete answers[path];
  return answer;
}
