import type { Caller } from "#server/organizations/caller.ts";
import { may } from "@dmtracker/shared/contracts/rights.ts";
import { AppError } from "#server/platform/app-error.ts";
import type { ImportRecord } from "./import.model.ts";
import { findImport } from "./import.store.ts";

/** Owners and admins look after everybody's imports, others after their own. */
export const isOwnImport = ({ actor }: Pick<ImportRecord, "actor">, caller: Caller): boolean =>
  may(caller.role, "changes:reverse") || (actor.type === caller.actor.type && actor.id === caller.actor.id);

/** @throws AppError not_found */
export async function requireImport(caller: Caller, importId: string): Promise<ImportRecord> {
  const record = await findImport(caller.organizationId, importId);
  if (!record || record.organization || !isOwnImport(record, caller))
    throw new AppError("not_found", "No such import");
  return record;
}
