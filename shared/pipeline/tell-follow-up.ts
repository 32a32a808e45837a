import type { PipelineEvent } from "../contracts/event.ts";
import { text, value, type Phrase, type Segment, type Words } from "./sentence.ts";

/** A follow-up that somebody has changed themselves. */
export function tellFollowUp(event: PipelineEvent, words: Words): Phrase {
  const { type, before, after } = event;
  const old = before.followUp ?? null;
  const next = after.followUp ?? null;
  const about = words.about();
  const note = next?.note && next.note !== old?.note ? [text(": "), value(next.note)] : [];
  const say = (active: string, passive: string, rest: Segment[] = []): Phrase => ({
    active: [text(active + about), ...rest],
    passive: [text(passive), ...rest],
  });
  const it = `the follow-up${about}`;
  if (type === "contact.follow_up_done") return say("completed the follow-up", `${it} was completed`);
  if (!next) return say("removed the follow-up", `${it} was removed`);
  if (!old) {
    const day = [text(" for "), words.day(next.dueAt), ...note];
    return say("scheduled a follow-up", `a follow-up${about} was scheduled`, day);
  }
  if (old.dueAt === next.dueAt)
    return say("changed the note of the follow-up", `the note of ${it} changed`, note);
  const move = [...words.change(words.day(old.dueAt), words.day(next.dueAt)), ...note];
  return say("moved the follow-up", `${it} was moved`, move);
}

/** What a message or an outcome meant for the follow-up. */
export function tellWhatFollows(event: PipelineEvent, words: Words): Phrase {
  const next = event.after.followUp ?? null;
  const about = words.about();
  const say = (...segments: Segment[]): Phrase => ({ active: segments, passive: segments, follows: true });
  if (next?.step === 0) return say(text(`follow-up${about} is due now`));
  if (next) {
    const step = next.step === null ? [] : [text(`, step ${next.step} of the cadence`)];
    return say(text(`next follow-up${about} on `), words.day(next.dueAt), ...step);
  }
  const isDone = event.type === "contact.follow_up_done";
  return say(text(isDone ? `follow-up${about} done, none comes after it` : `follow-up${about} ended`));
}
