import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import { TEMPORARY_ERRORS } from "@dmtracker/shared/contracts/error-codes.ts";
import { may, type Right } from "@dmtracker/shared/contracts/rights.ts";
import type { AppContext } from "#server/app-context.ts";
import { decideChanges } from "#server/contacts/decide-changes.ts";
import { commitImportPart } from "#server/import/commit-import-part.ts";
import { requireNamed } from "#server/contacts/require-named.ts";
import { findMembership } from "#server/organizations/member.store.ts";
import { discardFileImport, importFilePart } from "#server/organization-file/import-file-part.ts";
import { AppError } from "#server/platform/app-error.ts";
import { decideReversals } from "#server/reversal/decide-reversals.ts";
import { isTokenLive } from "#server/tokens/token.store.ts";
import type { BulkRecord, BulkWork } from "./bulk.model.ts";
import {
  advanceBulk,
  beginEnding,
  findPart,
  finishBulk,
  releaseBulk,
  toBulkAction,
  type PartAnswer,
} from "./bulk.store.ts";

/** What takes more than being a member. */
const RIGHT_OF: Partial<Record<BulkWork["kind"], Right>> = {
  reversal: "changes:reverse",
  organization: "organization:configure",
};

/** Rights end at once, also for what is on its way: they are looked at before each part. */
async function requireRight(app: AppContext, { actor, organizationId, work }: BulkRecord): Promise<void> {
  const organization = organizationId.toHexString();
  if (actor.type === "api") {
    if (await isTokenLive(organization, actor.id ?? "")) return;
    throw new AppError("forbidden", "The token was revoked");
  }
  const membership = await findMembership(app.auth, actor.id ?? "", organization);
  if (!membership) throw new AppError("forbidden", `${actor.name} is no member any more`);
  const right = RIGHT_OF[work.kind];
  if (right && !may(membership.role, right)) {
    throw new AppError("forbidden", `${actor.name} is no owner or admin any more`);
  }
}

/** Tags and people that the change names may have gone since the action began: nobody gets them any more. */
async function requireStillThere(app: AppContext, { organizationId, work }: BulkRecord): Promise<void> {
  if (work.kind === "change") await requireNamed(app, organizationId.toHexString(), work.change);
}

/** One commit. Run twice (after a crash, or by two processes) it happens once: the part is its own mutation. */
async function commitPart(
  app: AppContext,
  record: BulkRecord,
  work: Exclude<BulkWork, { kind: "import" | "organization" }>,
  contactIds: string[],
): Promise<PartAnswer> {
  const { actor } = record;
  const id = record._id.toHexString();
  const at = app.now();
  const neighbours = work.kind === "change" ? [work.change.after, work.change.before] : [];
  return app.commits.submit<PartAnswer>(record.pipelineId.toHexString(), {
    mutation: { id: `bulk:${id}:${record.nextPart}`, fingerprint: id },
    batchId: id,
    contactIds: [...contactIds, ...neighbours.filter((one) => one != null)],
    decide: (batch, batchId) =>
      work.kind === "change"
        ? decideChanges({ contactIds, change: work.change, actor, at }, batch, batchId)
        : decideReversals(app, { contactIds, ...work, actor, at }, batch, batchId),
  });
}

async function runPart(app: AppContext, record: BulkRecord): Promise<BulkRecord | undefined> {
  await requireRight(app, record);
  const { work } = record;
  if (work.kind === "import") {
    const { size, answer } = await commitImportPart(app, record, work.mapping);
    return advanceBulk(record, size, answer, app.now());
  }
  if (work.kind === "organization") return importFilePart(app, record, work);
  await requireStillThere(app, record);
  const contactIds = await findPart(record._id.toHexString(), record.nextPart);
  const answer = await commitPart(app, record, work, contactIds);
  return advanceBulk(record, contactIds.length, answer, app.now());
}

function tell(app: AppContext, record: BulkRecord): BulkAction {
  const bulk = toBulkAction(record);
  if (record.actor.type === "user") {
    app.live.publishBulk(record.organizationId.toHexString(), record.actor.id ?? "", bulk);
  }
  return bulk;
}

/**
 * Works through a bulk action that this process has leased: part by part until its end, a cancel, or until the
 * process stops; then another one goes on where it was.
 */
export async function runBulk(app: AppContext, leased: BulkRecord): Promise<BulkAction> {
  let record = leased;
  const end = async (state: BulkRecord["state"], reason: string | null): Promise<BulkAction> =>
    tell(app, (await finishBulk(record, { state, reason }, app.now())) ?? record);
  const giveUp = async (state: "cancelled" | "failed", reason: string | null): Promise<BulkAction> => {
    const { work } = record;
    if (work.kind !== "organization") return end(state, reason);
    // Half an organization is no good to anybody. Marked first, so that no other process goes on with it; the end is
    // noted last: a process that dies in between leaves the rest to others.
    const marked = await beginEnding(record, { state, reason }, app.now());
    if (!marked) return toBulkAction(record);
    return (await discardFileImport(record, work)) ? end(state, reason) : end("done", null);
  };
  while (record.nextPart < record.parts) {
    if (record.ending) return giveUp(record.ending.state, record.ending.reason);
    if (record.cancelWanted) return giveUp("cancelled", null);
    if (app.bulks.stopping) {
      await releaseBulk(record, app.now());
      return toBulkAction(record);
    }
    try {
      const next = await runPart(app, record);
      if (!next) return toBulkAction(record);
      record = next;
      if (record.nextPart < record.parts) tell(app, record);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (!TEMPORARY_ERRORS.has(error.code)) return giveUp("failed", error.message);
      await releaseBulk(record, app.now());
      return toBulkAction(record);
    }
  }
  return end("done", null);
}
