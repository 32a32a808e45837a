import type { ImportMapping } from "@dmtracker/shared/contracts/import-fields.ts";
import type { RowProblem } from "@dmtracker/shared/contracts/imports.ts";
import { MAX_ORGANIZATION_TAGS } from "@dmtracker/shared/contracts/limits.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { readImportRow, type ImportRow, type RawRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import type { KnownTags } from "./known-tags.ts";

/** A row as it was understood: what it says, or what is wrong with it. */
export type KnownRow = { number: number; username: string } & (
  { says: ImportRow; problems?: undefined } | { says?: undefined; problems: RowProblem[] }
);

/** Rows in the words of a pipeline; tags that they need are admitted. */
export function readRows(
  rows: readonly RawRow[],
  mapping: ImportMapping,
  { stages, tags }: { stages: readonly Stage[]; tags: KnownTags },
): KnownRow[] {
  return rows.map((raw) => {
    const read = readImportRow(raw, mapping, stages);
    if (!read.ok) return { number: raw.row, username: read.username, problems: read.problems };
    const { username } = read.row;
    if (tags.admit(read.row.tags ?? [])) return { number: raw.row, username, says: read.row };
    const reason = `would be more than the ${MAX_ORGANIZATION_TAGS} tags that an organization may have`;
    return { number: raw.row, username, problems: [{ row: raw.row, field: "Tags", reason }] };
  });
}
