import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { RowProblem, RowResult } from "@dmtracker/shared/contracts/imports.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import { decideNew } from "@dmtracker/shared/pipeline/decide-new.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import type { Decision, DecisionContext, Refusal } from "@dmtracker/shared/pipeline/decision.ts";
import type { ImportRow } from "@dmtracker/shared/pipeline/read-import-row.ts";
import mongoose from "mongoose";
import type { WorkingSet } from "#server/pipeline/working-set.ts";
import { KnownNames } from "./known-names.ts";
import type { KnownTags } from "./known-tags.ts";
import type { KnownRow } from "./read-rows.ts";

export type DecidedRow = {
  row: number;
  username: string;
  result: RowResult;
  contact: Contact | undefined;
  problems: RowProblem[];
};

export type ImportInput = {
  organizationId: string;
  rows: readonly KnownRow[];
  tags: KnownTags;
  actor: Actor;
  at: Date;
};

/** Stages that the rows may put a contact into, so that their tops are known before deciding. */
function stagesToEnter(rows: readonly KnownRow[], { pipeline }: WorkingSet): Set<string> {
  const [first] = pipeline.stages;
  const named = rows.flatMap(({ says }) => says?.stageId ?? []);
  const ruled = pipeline.rules.filter(({ enabled, type }) => enabled && type === "status_to_stage");
  return new Set([...named, ...ruled.map(({ stageId }) => stageId), ...(first ? [first.id] : [])]);
}

class ImportDecider {
  readonly #batch: WorkingSet;
  readonly #names: KnownNames;
  readonly #tags: KnownTags;
  readonly #context: Omit<DecisionContext, "pipeline" | "head">;

  constructor(
    batch: WorkingSet,
    names: KnownNames,
    tags: KnownTags,
    context: Omit<DecisionContext, "pipeline" | "head">,
  ) {
    this.#batch = batch;
    this.#names = names;
    this.#tags = tags;
    this.#context = context;
  }

  decide({ number, username, says, problems }: KnownRow): DecidedRow {
    if (!says) return { row: number, username, result: "refused", contact: undefined, problems };
    const refuse = (field: string, reason: string): DecidedRow => ({
      row: number,
      username,
      result: "refused",
      contact: undefined,
      problems: [{ row: number, field, reason }],
    });
    const known = this.#names.whoIs(says);
    if (known && known.pipelineId !== this.#batch.pipeline.id) {
      return refuse("", "this contact is in another pipeline: import it there");
    }
    if (this.#names.takenBy(says, known)) return refuse("Username", "belongs to another contact already");
    const found = known && this.#batch.find(known.id);
    const existing = found?.removed ? undefined : found;
    const decision = existing ? this.#change(existing, says) : this.#create(says);
    if (!decision.ok) return refuse(decision.path, decision.message);
    this.#names.note(decision.contact);
    const result = !existing ? "created" : decision.events.length > 0 ? "updated" : "unchanged";
    return { row: number, username, result, contact: decision.contact, problems: [] };
  }

  /** Taken in at once: the next row may be about the same contact. */
  #take(decision: Decision | Refusal): Decision | Refusal {
    if (decision.ok) this.#batch.record(decision.events, decision.contact);
    return decision;
  }

  #now(): DecisionContext {
    const { pipeline } = this.#batch;
    return { ...this.#context, pipeline, head: pipeline.seq };
  }

  #create({ tags = [], notes, ...fields }: ImportRow): Decision | Refusal {
    const id = new mongoose.Types.ObjectId().toHexString();
    const tagIds = this.#tags.idsOf(tags);
    const created = this.#take(decideNew({ ...fields, id, tagIds, source: "import" }, this.#now()));
    if (!created.ok || notes === undefined) return created;
    return this.#take(decide(created.contact, { note: notes }, this.#now()));
  }

  #change(contact: Contact, { tags = [], notes, ...fields }: ImportRow): Decision | Refusal {
    const change: ContactChange = {
      ...fields,
      ...(tags.length > 0 && { tags: { add: this.#tags.idsOf(tags) } }),
      ...(notes !== undefined && { note: notes }),
    };
    return this.#take(decide(contact, change, this.#now()));
  }
}

/**
 * Decides rows one after the other, each as if it had come alone: a new contact, or a change of the one that has the
 * same ManyChat id or handle. A refused one leaves the others alone.
 */
export async function decideImport(
  { organizationId, rows, tags, actor, at }: ImportInput,
  batch: WorkingSet,
  batchId: string,
): Promise<DecidedRow[]> {
  // Everything that may fail comes first: what follows is taken in whole.
  const says = rows.flatMap((row) => row.says ?? []);
  const names = await KnownNames.find(organizationId, says);
  await batch.load(names.all.map(({ id }) => id));
  await batch.ranks.prepare(stagesToEnter(rows, batch));
  const context = {
    settings: await batch.settings(),
    actor,
    now: at.toISOString(),
    batchId,
    rankFor: batch.ranks.rankFor.bind(batch.ranks),
  };
  const decider = new ImportDecider(batch, names, tags, context);
  return rows.map((row) => decider.decide(row));
}

const RESULTS = ["created", "updated", "unchanged", "refused"] as const;

export function countResults(rows: readonly DecidedRow[]): Record<RowResult, number> {
  const count = (result: RowResult) => rows.filter((row) => row.result === result).length;
  return Object.fromEntries(RESULTS.map((result) => [result, count(result)])) as Record<RowResult, number>;
}
