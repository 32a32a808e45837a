import type { OrganizationImport } from "@dmtracker/shared/contracts/organization-file.ts";
import type { AppContext } from "#server/app-context.ts";
import { findBulk, toBulkAction } from "#server/bulk/bulk.store.ts";
import type { ImportRecord } from "#server/import/import.model.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import type { FilePlan } from "./check-file.ts";
import { findObstacles } from "./organization-file.store.ts";

export type FileRecord = ImportRecord & { organization: FilePlan };

/** An uploaded organization in the words of the public API, with how far its import is. */
export async function toFileImportAnswer(app: AppContext, record: FileRecord): Promise<OrganizationImport> {
  const organizationId = record.organizationId.toHexString();
  const { organization: plan } = record;
  const bulk = await findBulk(organizationId, record._id.toHexString());
  const here = new Set((await findMembers(app.auth, organizationId)).map(({ email }) => email));
  return {
    id: record._id.toHexString(),
    name: record.name,
    created_at: record.createdAt.toISOString(),
    organization: plan.organization,
    exported_at: plan.exportedAt,
    counts: plan.counts,
    unknown_people: plan.members.filter(({ email }) => !here.has(email)).map(({ name }) => name),
    problems: plan.problems,
    problem_count: plan.problemCount,
    obstacles: bulk ? [] : await findObstacles(organizationId),
    run: bulk ? runOf(toBulkAction(bulk)) : null,
  };
}

function runOf(run: NonNullable<OrganizationImport["run"]>): OrganizationImport["run"] {
  const { state, total, done, reason, startedAt, finishedAt } = run;
  return { state, total, done, reason, startedAt, finishedAt };
}
