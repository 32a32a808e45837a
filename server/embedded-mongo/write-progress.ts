import { type Context, type Reply, flag } from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { CommandError } from "./errors.ts";
import { isSliceOver } from "./scan.ts";
import { BlockedByTransaction } from "./transaction.ts";
import type { Doc, Value } from "./values.ts";

/** How far a write command has come. Saved for retryable writes, so that a repeated command goes on from there. */
export type Progress = {
  next: number;
  n: number;
  nModified: number;
  upserted: { index: number; _id: Value }[];
  writeErrors: Reply[];
  /** The whole answer of a findAndModify. */
  reply?: Reply;
};

export type Outcome = { n: number; nModified?: number; upsertedId?: Value; reply?: Reply };

/** Runs the statements of a write command, each once even when the command is sent again. */
export async function runStatements(
  context: Context,
  count: number,
  run: (i: number) => Outcome | Promise<Outcome>,
  failsWhole = false,
): Promise<Progress> {
  const ordered = !context.body.has("ordered") || flag(context, "ordered");
  const progress = loadProgress(context) ?? { next: 0, n: 0, nModified: 0, upserted: [], writeErrors: [] };
  if (progress.next >= count) return progress;
  currentProgress.set(context, progress);
  while (progress.next < count) {
    const i = progress.next;
    try {
      const outcome = await whenUnblocked(context, () => run(i));
      progress.n += outcome.n;
      progress.nModified += outcome.nModified ?? 0;
      if (outcome.upsertedId !== undefined) progress.upserted.push({ index: i, _id: outcome.upsertedId });
      if (outcome.reply) progress.reply = outcome.reply;
      progress.next++;
      if (isSliceOver() && progress.next < count) {
        saveProgress(context, progress);
        await letOthersRun(context);
      }
    } catch (error) {
      if (!(error instanceof CommandError) || failsWhole || isFatal(context, error)) throw error;
      progress.writeErrors.push({
        index: i,
        code: error.code,
        ...(error.details as Reply),
        errmsg: error.message,
      });
      progress.next = ordered || context.transaction ? count : i + 1;
    }
  }
  saveProgress(context, progress);
  return progress;
}

/** Errors that are not about one statement end the whole command. */
function isFatal({ transaction }: Context, { code, labels }: CommandError): boolean {
  return [50, 91, 257].includes(code) || (transaction !== undefined && labels.length > 0);
}

const currentProgress = new WeakMap<Context, Progress>();

/** Runs a change, again and again as long as open transactions hold what it needs. */
export async function whenUnblocked<T>(context: Context, run: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = run();
      return result instanceof Promise ? await result : result;
    } catch (error) {
      if (!(error instanceof BlockedByTransaction)) throw error;
      const progress = currentProgress.get(context);
      // What is done so far may be committed before the rest.
      if (progress && progress.next > 0) saveProgress(context, progress);
      await waitFor(context, error);
    }
  }
}

async function waitFor(context: Context, { transaction }: BlockedByTransaction): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = context.deadline;
  const timeout = new Promise<void>((resolve) => {
    if (deadline !== undefined) timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
  });
  await Promise.race([transaction.finished, timeout]);
  clearTimeout(timer);
  await letOthersRun(context);
}

function saveProgress(context: Context, progress: Progress): void {
  const { session, txnNumber, instance } = context;
  if (!session || txnNumber === undefined) return;
  instance.sessions.saveRecord(session, { ...progress });
}

function loadProgress(context: Context): Progress | undefined {
  const { session, txnNumber, instance } = context;
  if (!session || txnNumber === undefined) return undefined;
  const saved = instance.sessions.findRecord(session, txnNumber);
  if (!saved) return undefined;
  const { reply, upserted, writeErrors, ...counts } = Object.fromEntries(saved);
  const plain = (list: Value | undefined) => (list as Doc[]).map((entry) => Object.fromEntries(entry));
  return {
    ...(counts as Pick<Progress, "next" | "n" | "nModified">),
    upserted: plain(upserted) as Progress["upserted"],
    writeErrors: plain(writeErrors),
    ...(reply instanceof Map ? { reply: Object.fromEntries(reply) } : {}),
  };
}
