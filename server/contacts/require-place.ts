import type { Request } from "express";
import type { AppContext } from "#server/app-context.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { findContact } from "./contact.store.ts";

/** `If-Match: <version>`: refuse to overwrite a newer contact. */
export function versionOf(request: Request): number | undefined {
  const header = request.get("if-match");
  if (header === undefined) return undefined;
  const [, digits] = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header) ?? [];
  if (digits === undefined) throw invalidField("If-Match", "must be a contact's version, a whole number");
  return Number(digits);
}

export type Named = {
  contact_id?: string | undefined;
  manychat_id?: string | undefined;
  username?: string | undefined;
};

/** The contact that a body names, and where it lives. @throws AppError not_found */
export async function requirePlace(
  app: AppContext,
  organizationId: string,
  { contact_id: contactId, manychat_id: manychatId, username }: Named,
): Promise<{ contactId: string; pipelineId: string }> {
  if (contactId !== undefined) {
    const pipelineId = await app.places.find(organizationId, contactId);
    if (pipelineId !== undefined) return { contactId, pipelineId };
  } else {
    const name = manychatId === undefined ? { username: username ?? "" } : { manychatId };
    const contact = await findContact(organizationId, name);
    if (contact) return { contactId: contact.id, pipelineId: contact.pipelineId };
  }
  throw new AppError("not_found", "No such contact");
}
