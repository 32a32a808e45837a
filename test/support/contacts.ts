import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import type { TestOrganization, TestServer } from "./server.ts";

let made = 0;

/** So many new contacts in the first stage of an organization's pipeline; ids from the top of the column down. */
export async function makeContacts(
  { context }: TestServer,
  { id: organizationId, pipeline, owner }: TestOrganization,
  count: number,
): Promise<string[]> {
  const start = made;
  made += count;
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      createContact(context, {
        organizationId,
        pipelineId: pipeline.id,
        actor: { type: "user", id: owner.id, name: owner.name },
        contact: { username: `lead.${start + index}`, source: "user" },
      }),
    ),
  );
  return answers.map(({ contactId }) => contactId).reverse();
}
