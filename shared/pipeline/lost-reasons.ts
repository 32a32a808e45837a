import { MAX_LOST_REASONS } from "../contracts/limits.ts";
import type { ListedReason } from "../contracts/organization-settings.ts";
import type { Refusal } from "./decision.ts";

type Reasons = { ok: true; reasons: ListedReason[]; reason: ListedReason };

/** What is absent stays. `after`: the reason that shall stand before it, null for the first place. */
export type ReasonChange = { name?: string | undefined; after?: string | null | undefined };

const refuse = (code: Refusal["code"], path: string, message: string): Refusal => ({
  ok: false,
  code,
  path,
  message,
});

const noSuchReason = (path: string): Refusal => refuse("not_found", path, "No such lost reason");

function refuseName(reasons: readonly ListedReason[], name: string, ownId?: string): Refusal | undefined {
  const key = name.trim().toLowerCase();
  const twin = reasons.find((other) => other.id !== ownId && other.name.toLowerCase() === key);
  return twin && refuse("duplicate", "name", `“${twin.name}” is on the list already`);
}

export function addReason(reasons: readonly ListedReason[], name: string, id: string): Reasons | Refusal {
  if (reasons.length >= MAX_LOST_REASONS)
    return refuse("invalid", "name", `The list has at most ${MAX_LOST_REASONS} reasons`);
  const reason = { id, name: name.trim() };
  return refuseName(reasons, name) ?? { ok: true, reasons: [...reasons, reason], reason };
}

export function changeReason(
  reasons: readonly ListedReason[],
  reasonId: string,
  { name, after }: ReasonChange,
): Reasons | Refusal {
  const known = reasons.find(({ id }) => id === reasonId);
  if (!known) return noSuchReason("reasonId");
  const taken = name === undefined ? undefined : refuseName(reasons, name, reasonId);
  if (taken) return taken;
  const reason = { ...known, name: name?.trim() ?? known.name };
  const changed = reasons.map((other) => (other.id === reasonId ? reason : other));
  if (after === undefined || after === reasonId) return { ok: true, reasons: changed, reason };
  const others = changed.filter(({ id }) => id !== reasonId);
  const place = after === null ? 0 : others.findIndex(({ id }) => id === after) + 1;
  if (after !== null && place === 0) return noSuchReason("after");
  return { ok: true, reasons: others.toSpliced(place, 0, reason), reason };
}

/** The contacts that were lost for it keep their words. */
export function deleteReason(reasons: readonly ListedReason[], reasonId: string): Reasons | Refusal {
  const reason = reasons.find(({ id }) => id === reasonId);
  if (!reason) return noSuchReason("reasonId");
  return { ok: true, reasons: reasons.filter(({ id }) => id !== reasonId), reason };
}
