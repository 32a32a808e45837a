import type { Question } from "#lib/integrations/ConfirmDialog.svelte";

/** Asked before anybody is removed, one or many. */
export function removalQuestion(who: string, act: () => void): Question {
  return {
    title: `Remove ${who}?`,
    text: "Nobody will meet them on boards, in lists, follow-ups and reports any more. History is kept, and they can be restored. Whoever writes again is a new contact.",
    button: "Remove",
    act: () => Promise.resolve(act()),
  };
}
