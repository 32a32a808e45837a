import {
  MAX_FILE_CONTACTS,
  MAX_FILE_HEAD_LENGTH,
  MAX_FILE_MEMBERS,
  MAX_FILE_VIEWS,
  MAX_ORGANIZATION_TAGS,
  MAX_PIPELINES,
} from "@dmtracker/shared/contracts/limits.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import {
  FILE_LINES,
  type FileCounts,
  type FileLineKind,
  type FilePipeline,
  type FileView,
  type LineProblem,
} from "@dmtracker/shared/contracts/organization-file.ts";
import type { OrganizationSettings } from "@dmtracker/shared/contracts/organization-settings.ts";
import type { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import type { Totals } from "@dmtracker/shared/contracts/pipeline.ts";
import { AppError } from "#server/platform/app-error.ts";

const PROBLEMS_KEPT = 100;
const REASON_LENGTH = 300;

export type PlannedPipeline = Omit<FilePipeline, "seq"> & {
  totals: Totals;
  /** How many events it has: they are numbered anew, without gaps. */
  events: number;
};

/** All of a file but its events and contacts, which are many, and what is wrong with it. */
export type FilePlan = {
  organization: string;
  exportedAt: string | null;
  settings: OrganizationSettings | null;
  members: Member[];
  tags: Tag[];
  pipelines: PlannedPipeline[];
  views: FileView[];
  counts: FileCounts;
  problems: LineProblem[];
  problemCount: number;
};

const COUNTED = {
  member: "members",
  tag: "tags",
  pipeline: "pipelines",
  view: "views",
  event: "events",
  contact: "contacts",
} as const satisfies Partial<Record<FileLineKind, keyof FileCounts>>;

/** What is kept in memory while a file is checked: all but its events. */
const MOST: Partial<Record<FileLineKind, number>> = {
  member: MAX_FILE_MEMBERS,
  tag: MAX_ORGANIZATION_TAGS,
  pipeline: MAX_PIPELINES,
  view: MAX_FILE_VIEWS,
  contact: MAX_FILE_CONTACTS,
};

const isKind = (key: string): key is FileLineKind => Object.hasOwn(FILE_LINES, key);

/** What one line says; throws the reason as a sentence when it says nothing. */
function parseLine(text: string): { kind: FileLineKind; value: unknown } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error("is no JSON");
  }
  const entries = json !== null && typeof json === "object" ? Object.entries(json) : [];
  const [kind = "", value] = entries[0] ?? [];
  if (entries.length !== 1 || !isKind(kind)) {
    throw new Error(`must be an object with one of these keys: ${Object.keys(FILE_LINES).join(", ")}`);
  }
  const parsed = FILE_LINES[kind].safeParse(value);
  if (parsed.success) return { kind, value: parsed.data };
  const [issue] = parsed.error.issues;
  throw new Error([[kind, ...(issue?.path ?? [])].join("."), issue?.message].join(": "));
}

/** Reads a line that was checked before. */
export function readLine(text: string): { event: PipelineEvent } | { contact: Contact } {
  const { kind, value } = parseLine(text);
  return { [kind]: value } as { event: PipelineEvent } | { contact: Contact };
}

/** Checks a file line by line: each for itself, and whether what it names is in the file. */
export class FileCheck {
  readonly plan: FilePlan = {
    organization: "",
    exportedAt: null,
    settings: null,
    members: [],
    tags: [],
    pipelines: [],
    views: [],
    counts: { members: 0, tags: 0, pipelines: 0, views: 0, events: 0, contacts: 0 },
    problems: [],
    problemCount: 0,
  };
  /** Names and ids that may be given once: all that is kept of contacts. */
  readonly #names = new Set<string>();
  #headLength = 0;
  readonly #seqs = new Map<string, number>();
  #ended = false;
  #line = 0;

  /**
   * Takes a line in. Answers what must be kept of it: an event with its new number, or a contact.
   * @throws AppError too_large
   */
  take(line: number, text: string): { seq: number } | undefined {
    this.#line = line;
    try {
      const { kind, value } = parseLine(text);
      const isFirst = this.plan.exportedAt === null;
      if (isFirst !== (kind === "dmtracker")) {
        throw new Error(
          isFirst ? "the first line must be `dmtracker`" : "`dmtracker` stands in the first line only",
        );
      }
      if (this.#ended) throw new Error("nothing may follow the line `counts`");
      if (kind in COUNTED) this.#count(kind as keyof typeof COUNTED);
      if (kind !== "event" && kind !== "contact") this.#measure(text);
      return this.#takeValue(kind, value);
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.#note((error as Error).message);
      return undefined;
    }
  }

  /** Nothing comes any more. */
  end(): void {
    if (!this.#ended) this.#note("the last line must be `counts`: the file is not whole");
    if (this.plan.pipelines.length === 0) this.#note("there is no pipeline in it");
  }

  #note(reason: string): void {
    this.plan.problemCount += 1;
    if (this.plan.problems.length < PROBLEMS_KEPT)
      this.plan.problems.push({ line: this.#line, reason: reason.slice(0, REASON_LENGTH) });
  }

  #count(kind: keyof typeof COUNTED): void {
    const name = COUNTED[kind];
    this.plan.counts[name] += 1;
    const most = MOST[kind];
    if (most !== undefined && this.plan.counts[name] > most)
      throw new AppError("too_large", `A file may have at most ${most} ${name}`);
  }

  /** Together they become one document of the database. */
  #measure(text: string): void {
    this.#headLength += text.length;
    if (this.#headLength > MAX_FILE_HEAD_LENGTH) {
      const most = `${MAX_FILE_HEAD_LENGTH / 1024 / 1024} MB`;
      throw new AppError(
        "too_large",
        `Settings, members, tags, pipelines and views may have at most ${most}`,
      );
    }
  }

  #takeValue(kind: FileLineKind, value: unknown): { seq: number } | undefined {
    const { plan } = this;
    switch (kind) {
      case "dmtracker": {
        const head = value as { organization: string; exportedAt: string };
        plan.organization = head.organization;
        plan.exportedAt = head.exportedAt;
        return undefined;
      }
      case "settings":
        plan.settings = value as OrganizationSettings;
        return undefined;
      case "member":
        plan.members.push(value as Member);
        return undefined;
      case "tag":
        this.#claim("tag id", (value as Tag).id);
        this.#claim("tag", (value as Tag).name.trim().toLowerCase());
        plan.tags.push(value as Tag);
        return undefined;
      case "pipeline": {
        const { seq: _seq, ...pipeline } = value as FilePipeline;
        this.#claim("pipeline", pipeline.id);
        this.#seqs.set(pipeline.id, 0);
        if (pipeline.stages.length === 0) throw new Error("a pipeline has at least one stage");
        plan.pipelines.push({ ...pipeline, totals: {}, events: 0 });
        return undefined;
      }
      case "view":
        this.#pipelineOf(value as FileView);
        this.#claim("view", (value as FileView).id);
        plan.views.push(value as FileView);
        return undefined;
      case "event":
        return this.#takeEvent(value as PipelineEvent);
      case "contact":
        return this.#takeContact(value as Contact);
      case "counts":
        this.#compare(value as FileCounts);
        return undefined;
    }
  }

  #takeEvent(event: PipelineEvent): { seq: number } {
    const pipeline = this.#pipelineOf(event);
    if (event.seq <= (this.#seqs.get(pipeline.id) ?? 0))
      throw new Error("events must be in the order of their seq");
    this.#seqs.set(pipeline.id, event.seq);
    pipeline.events += 1;
    return { seq: pipeline.events };
  }

  #takeContact(contact: Contact): { seq: number } {
    const pipeline = this.#pipelineOf(contact);
    const { stageId, leadStatus, value, username, manychatId, removed } = contact;
    this.#claim("contact", contact.id);
    if (removed) return { seq: 0 };
    if (!pipeline.stages.some(({ id }) => id === stageId))
      throw new Error("its stage is not in its pipeline");
    this.#claim("handle", username);
    if (manychatId !== null) this.#claim("ManyChat id", manychatId);
    const stage = (pipeline.totals[stageId] ??= {});
    const total = (stage[leadStatus] ??= { count: 0, value: 0 });
    total.count += 1;
    total.value = Math.round((total.value + (value ?? 0)) * 100) / 100;
    return { seq: 0 };
  }

  #pipelineOf({ pipelineId }: { pipelineId: string }): PlannedPipeline {
    const pipeline = this.plan.pipelines.find(({ id }) => id === pipelineId);
    if (!pipeline) throw new Error("its pipeline is not in the file before it");
    return pipeline;
  }

  #claim(what: string, name: string): void {
    const key = `${what}: ${name}`;
    if (this.#names.has(key)) throw new Error(`another line has the same ${what}: ${name}`);
    this.#names.add(key);
  }

  #compare(counts: FileCounts): void {
    this.#ended = true;
    for (const [name, count] of Object.entries(counts)) {
      const found = this.plan.counts[name as keyof FileCounts];
      if (found !== count) throw new Error(`${name}: there should be ${count}, and ${found} were found`);
    }
  }
}
