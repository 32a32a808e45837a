import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { setTimeout as delay } from "node:timers/promises";
import { findRunningFileImports } from "#server/bulk/bulk.store.ts";
import type { RecentSettings } from "#server/organizations/recent-settings.ts";
import { AppError } from "#server/platform/app-error.ts";
import { claimPipeline } from "./claim-pipeline.ts";
import { repeatAnswer } from "./first-answer.ts";
import { KnownState } from "./known-state.ts";
import { findAnsweredMutations, type AnsweredMutation, type Mutation } from "./mutation.store.ts";
import { findPipeline } from "./pipeline.store.ts";
import { saveBatch } from "./save-batch.ts";
import { closeTransaction } from "./transaction.ts";
import { WorkingSet } from "./working-set.ts";

/** Changes that share one transaction at most. */
const MAX_BATCH = 256;
/** How long a change may lose races with other processes before it is refused as `busy`. */
const PATIENCE_MS = 10_000;
/** Races that may be lost before the pipeline is held while deciding: a quiet process never wins against a busy one otherwise. */
const CLAIM_AFTER = 3;
/** When a change to somebody who is being imported may come again. */
const IMPORT_RETRY_S = 5;
const JITTER_MS = 8;
const MAX_JITTER_STEPS = 12;

/** One change that waits for its commit. `Answer` must be plain JSON: it is kept for retries. */
export type Job<Answer> = {
  mutation?: Mutation | undefined;
  /** The batch that this belongs to, when it is one of several commits of one act. */
  batchId?: string | undefined;
  /** Contacts that deciding needs: read once for the whole batch. */
  contactIds: readonly string[];
  /**
   * Decides against the batch and records the outcome in it, or throws an AppError, which refuses this change
   * alone. May run more than once: it must take everything from its arguments.
   */
  decide(batch: WorkingSet, batchId: string): Promise<Answer> | Answer;
};

type Waiting = Job<unknown> & {
  batchId: string;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
};

type Decided = { job: Waiting; answer: unknown };
type Refused = { job: Waiting; error: unknown };

/** What an operator wants to know of commits; see platform/metrics. */
export type CommitMetrics = {
  committed(changes: number, seconds: number): void;
  broadcast(seconds: number): void;
  lostRace(): void;
  refused(code: string): void;
};

const UNWATCHED: CommitMetrics = {
  committed: () => undefined,
  broadcast: () => undefined,
  lostRace: () => undefined,
  refused: () => undefined,
};

export type Publish = (pipeline: Pipeline, events: PipelineEvent[]) => void;

/**
 * Group commit: changes of one pipeline that arrive while a commit is in flight go into the next one together.
 * Order is decide, save once, log, broadcast; a broadcast or an answer never comes before the commit.
 */
export class CommitQueues {
  readonly #publish: Publish;
  readonly #queues = new Map<string, Waiting[]>();
  readonly #metrics: CommitMetrics;
  readonly #settings: RecentSettings;
  readonly #known = new KnownState();
  #stopping = false;
  #idle: (() => void) | undefined;
  #nextBatch = 0;
  readonly #batchPrefix = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;

  constructor(publish: Publish, settings: RecentSettings, metrics: CommitMetrics = UNWATCHED) {
    this.#publish = publish;
    this.#metrics = metrics;
    this.#settings = settings;
  }

  /** Queues a change and answers when it is committed, or throws the AppError that refused it. */
  submit<Answer>(pipelineId: string, job: Job<Answer>): Promise<Answer> {
    if (this.#stopping) return Promise.reject(new AppError("stopping", "This server is stopping, try again"));
    this.#nextBatch += 1;
    const batchId = job.batchId ?? `${this.#batchPrefix}-${this.#nextBatch.toString(36)}`;
    return new Promise<Answer>((resolve, reject) => {
      const waiting: Waiting = { ...job, batchId, resolve: resolve as (answer: unknown) => void, reject };
      const queue = this.#queues.get(pipelineId);
      if (queue) {
        queue.push(waiting);
        return;
      }
      const started = [waiting];
      this.#queues.set(pipelineId, started);
      // Changes of the same turn of the event loop share the first commit too.
      queueMicrotask(() => void this.#drain(pipelineId, started));
    });
  }

  /** Changes that wait for a commit. */
  get depth(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  /** Refuses new changes and waits until all accepted ones are committed or refused. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#queues.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  async #drain(pipelineId: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const jobs = queue.splice(0, MAX_BATCH);
      try {
        await this.#commit(pipelineId, jobs);
      } catch (error) {
        this.#known.forget(pipelineId);
        for (const { reject } of jobs) reject(error);
      }
    }
    this.#queues.delete(pipelineId);
    if (this.#queues.size === 0) this.#idle?.();
  }

  async #commit(pipelineId: string, jobs: Waiting[]): Promise<void> {
    const start = performance.now();
    const end = Date.now() + PATIENCE_MS;
    let open = jobs;
    for (let attempt = 1; open.length > 0; attempt += 1) {
      if (Date.now() > end)
        return rejectAll(open, new AppError("busy", "Too many changes at once, try again"));
      const claim = attempt > CLAIM_AFTER ? await claimPipeline(pipelineId) : undefined;
      try {
        const known = claim ? undefined : this.#known.find(pipelineId);
        const pipeline = claim?.pipeline ?? known?.pipeline ?? (await findPipeline(pipelineId));
        if (!pipeline) throw await noPipeline(pipelineId);
        // A change of settings is an event in every pipeline: who looks at one anew goes by the newest [SP3].
        if (!known) this.#settings.forget(pipeline.organizationId);
        // What was once done is answered as done, whatever has happened since.
        open = await settleRetries(pipeline.organizationId, open);
        const batch = new WorkingSet(pipeline, {
          known,
          findSettings: (organizationId) => this.#settings.find(organizationId),
        });
        await batch.load(open.flatMap(({ contactIds }) => contactIds));
        const { decided, refused } = await decideAll(batch, open);
        if (known && batch.events.length === 0 && (await findPipeline(pipelineId))?.seq !== pipeline.seq) {
          // "No" and "nothing to change" are not committed, so nothing proves that we know the latest: look first.
          this.#known.forget(pipelineId);
          continue;
        }
        const result = await saveBatch(batch, answersToKeep(decided), claim?.session);
        if (result.saved) {
          this.#known.keep(batch.pipeline, batch.contacts());
          const committed = performance.now();
          this.#metrics.committed(open.length, (committed - start) / 1_000);
          if (batch.events.length > 0) {
            this.#publish(batch.pipeline, batch.events);
            this.#metrics.broadcast((performance.now() - committed) / 1_000);
          }
          for (const { job, answer } of decided) job.resolve(answer);
          // Not earlier: a refusal may rest on a change of the same batch, which has only now really happened.
          for (const { job, error } of refused) {
            this.#metrics.refused(error instanceof AppError ? error.code : "internal");
            job.reject(error);
          }
          return;
        }
        if (result.reason === "stale") {
          this.#metrics.lostRace();
          this.#known.forget(pipelineId);
          await delay(Math.random() * JITTER_MS * Math.min(attempt, MAX_JITTER_STEPS));
        } else if (result.collection !== "mutations") {
          // A name is taken by a contact outside the batch. Alone, its change is refused; in company, it is singled out.
          if (open.length === 1) return rejectAll(open, takenName(result));
          for (const job of open) await this.#commit(pipelineId, [job]);
          return;
        }
      } finally {
        if (claim) await closeTransaction(claim.session);
      }
    }
  }
}

/** Contacts of an import are in before their pipeline is: what is written to them then must come again, not be lost. */
async function noPipeline(pipelineId: string): Promise<AppError> {
  const imports = await findRunningFileImports();
  return imports.some(({ pipelineIds }) => pipelineIds.includes(pipelineId))
    ? new AppError("busy", "This contact is being imported, try again", { retryAfterS: IMPORT_RETRY_S })
    : new AppError("not_found", "No such pipeline");
}

function rejectAll(jobs: readonly Waiting[], error: unknown): void {
  for (const { reject } of jobs) reject(error);
}

/** Decides one after the other, as if they had come alone; a bad one is refused alone. */
async function decideAll(
  batch: WorkingSet,
  jobs: Waiting[],
): Promise<{ decided: Decided[]; refused: Refused[] }> {
  const decided: Decided[] = [];
  const refused: Refused[] = [];
  const answers = new Map<string, AnsweredMutation>();
  for (const job of jobs) {
    const first = job.mutation && answers.get(job.mutation.id);
    try {
      if (first) {
        decided.push({ job, answer: repeatAnswer(job.mutation, first) });
        continue;
      }
      const entry = { job, answer: await job.decide(batch, job.batchId) };
      decided.push(entry);
      if (job.mutation) answers.set(job.mutation.id, { ...job.mutation, answer: entry.answer });
    } catch (error) {
      refused.push({ job, error });
    }
  }
  return { decided, refused };
}

/** Gives retries of mutations that are already in their first answer, and returns the other jobs. */
async function settleRetries(organizationId: string, jobs: Waiting[]): Promise<Waiting[]> {
  const ids = jobs.flatMap(({ mutation }) => mutation?.id ?? []);
  if (ids.length === 0) return jobs;
  const answered = await findAnsweredMutations(organizationId, ids);
  return jobs.filter((job) => {
    const first = job.mutation && answered.get(job.mutation.id);
    if (!first) return true;
    try {
      job.resolve(repeatAnswer(job.mutation, first));
    } catch (error) {
      job.reject(error);
    }
    return false;
  });
}

function takenName({ collection, field }: { collection: string; field: string }): AppError {
  // What makes a tag unique is its name in lower case.
  const [path, other] = collection === "tags" ? ["name", "tag"] : [field, "contact"];
  const message = `is already used by another ${other}`;
  return new AppError("duplicate", `${path} ${message}`, { issues: [{ path, message }] });
}

/** Only calls that named themselves are kept, each once. */
function answersToKeep(decided: Decided[]): AnsweredMutation[] {
  const kept = new Map<string, AnsweredMutation>();
  for (const { job, answer } of decided) {
    if (job.mutation && !kept.has(job.mutation.id)) kept.set(job.mutation.id, { ...job.mutation, answer });
  }
  return [...kept.values()];
}
