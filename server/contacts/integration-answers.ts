import type { ContactStatusAnswer, DefaultReplyAnswer } from "@dmtracker/shared/contracts/rest.ts";
import type { Request, Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import { answer } from "#server/platform/http.ts";
import { waitDelivered } from "#server/pipeline/wait-delivered.ts";
import { toApiWord } from "./api-words.ts";
import type { ChangeAnswer } from "./change-contact.ts";

/** Our words to those of the public API. */
function toStatusAnswer(done: ChangeAnswer): ContactStatusAnswer {
  return {
    contact_id: done.contactId,
    manychat_id: done.manychatId,
    username: done.username,
    lead_status: done.leadStatus,
    stage: { id: done.stageId, name: done.stageName },
    changed: done.changed.map(toApiWord),
    automations: done.automations.map(({ ruleId, description, changed }) => ({
      rule_id: ruleId,
      rule: description,
      changed,
    })),
    seq: done.seq,
  };
}

const describeOutcome = ({ changed }: ChangeAnswer): string =>
  changed.length === 0 ? "Nothing to change: everything already has these values" : "Contact updated";

const isCreated = ({ changed }: ChangeAnswer): boolean => changed.includes("created");

export type Exchange = { app: AppContext; request: Request; response: Response };

/** What was done, in the words of the API, and with `Prefer: wait=delivered` who has seen it. */
async function tell(
  { app, request, response }: Exchange,
  done: ChangeAnswer,
  { message, more = {} }: { message: string; more?: object },
): Promise<void> {
  const delivered = await waitDelivered(app, request, done);
  if (delivered) response.setHeader("preference-applied", "wait=delivered");
  const told = { ...toStatusAnswer(done), ...more, ...(delivered && { delivered }) };
  answer(response, told, message, isCreated(done) ? 201 : 200);
}

export const tellChanged = (exchange: Exchange, done: ChangeAnswer, more?: object): Promise<void> =>
  tell(exchange, done, {
    message: isCreated(done) ? "Contact created" : describeOutcome(done),
    more: more ?? {},
  });

export function tellReply(exchange: Exchange, done: ChangeAnswer): Promise<void> {
  const created = isCreated(done);
  const message = created ? "Contact created, it needs a follow-up" : "Reply logged, follow-up due now";
  return tell(exchange, done, { message, more: { skipped: false, created } });
}

export function tellSkipped({ response }: Exchange): void {
  const skipped: DefaultReplyAnswer = { skipped: true };
  answer(response, skipped, "Skipped: there is no message in it, so this is outreach and no reply");
}
