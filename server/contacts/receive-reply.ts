import type { Message } from "@dmtracker/shared/contracts/contact.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { AppError } from "#server/platform/app-error.ts";
import { changeContact, type ChangeAnswer } from "./change-contact.ts";
import { findContact } from "./contact.store.ts";
import { createContact } from "./create-contact.ts";

export type Reply = {
  organizationId: string;
  /** Where somebody who is not known yet is put. */
  pipelineId: string;
  actor: Actor;
  manychatId: string;
  username: string;
  igId?: string | undefined;
  message: Message;
  mutation?: Mutation | undefined;
};

/**
 * Somebody has written to us. Known by their ManyChat id they keep the handle they are known by: a reply must not
 * fail because a renamed account now carries somebody else's old name.
 * @throws AppError as changeContact and createContact
 */
export async function receiveReply(app: AppContext, reply: Reply): Promise<ChangeAnswer> {
  const { organizationId, pipelineId, actor, manychatId, username, igId, message, mutation } = reply;
  const known = await findContact(organizationId, { manychatId });
  if (known) {
    const change = { message, ...(igId === undefined ? {} : { igId }) };
    try {
      return await changeContact(app, { organizationId, contactId: known.id, change, actor, mutation });
    } catch (error) {
      // Removed just now: whoever writes is a new contact then [RM4].
      if (!(error instanceof AppError) || error.code !== "removed") throw error;
    }
  }
  const source = actor.type === "api" ? ("api" as const) : ("user" as const);
  const contact = { username, manychatId, igId, source, message };
  return createContact(app, { organizationId, pipelineId, actor, contact, mutation });
}
