import type { AppContext } from "#server/app-context.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import type { FileRecord } from "./file-import-answer.ts";
import { NewIds } from "./remap-ids.ts";

/** The ids of a file here: people who are members, by e-mail, keep theirs. */
export async function newIdsOf(app: AppContext, record: FileRecord): Promise<NewIds> {
  const members = await findMembers(app.auth, record.organizationId.toHexString());
  const here = new Map(members.map(({ email, id }) => [email, id]));
  const people = new Map(
    record.organization.members.flatMap(({ id, email }): [string, string][] => {
      const known = here.get(email);
      return known === undefined ? [] : [[id, known]];
    }),
  );
  return new NewIds(record._id.toHexString(), people);
}
