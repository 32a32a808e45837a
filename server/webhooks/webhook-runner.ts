import { randomUUID } from "node:crypto";
import type { AppContext } from "#server/app-context.ts";
import { findHeads } from "#server/pipeline/pipeline.store.ts";
import { endLease } from "#server/platform/lease.store.ts";
import { deliverEvents, webhookLease } from "./deliver-events.ts";
import { findDueWebhooks } from "./webhook.store.ts";

/** How soon what another process has committed, or what waits for its next try, is noticed. */
const LOOK_EVERY_MS = 2_000;
/** Webhooks that one process serves at the same time: slow receivers must not take all of its connections. */
export const AT_ONCE = 16;
/** How long one is served while others wait for their turn. */
const TURN_MS = 15_000;
const REMEMBERED = 10_000;
/** Commits come in bursts: they are looked at together. */
const NOTICE_WITHIN_MS = 100;

/**
 * Delivers to webhooks whatever they have not got yet. What is due stands in the database: a place in the log and a
 * moment for the next try. Timers only decide how soon it is noticed, and any number of processes may run this.
 */
export class WebhookRunner {
  readonly #holder = randomUUID();
  readonly #stopping = new AbortController();
  readonly #working = new Map<string, Promise<void>>();
  /** When each was served last: who has waited longest is next. */
  readonly #served = new Map<string, number>();
  #othersWait = false;
  #app: AppContext | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  start(app: AppContext, everyMs: number = LOOK_EVERY_MS): void {
    this.#app = app;
    this.#timer = setInterval(() => this.#lookNow(), everyMs);
    this.#lookNow();
  }

  /** Something was committed here: look soon. It is a hint, the regular look finds it too. */
  hint(): void {
    if (this.#stopping.signal.aborted) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#lookNow();
    }, NOTICE_WITHIN_MS);
  }

  /** Deliveries that are under way are cut off: whoever takes over makes them again. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#stopping.abort();
    await this.#looking;
    await Promise.all(this.#working.values());
  }

  #lookNow(): void {
    const app = this.#app;
    if (!app) return;
    this.#looking = this.#look(app).catch((error: unknown) =>
      app.logger.warn({ err: error }, "webhooks could not be looked at"),
    );
  }

  async #look(app: AppContext): Promise<void> {
    const due = await findDueWebhooks(app.now());
    if (due.length === 0) return;
    const heads = await findHeads([...new Set(due.map(({ pipelineId }) => pipelineId.toHexString()))]);
    const servedAt = (id: string): number => this.#served.get(id) ?? 0;
    const waiting = due
      .filter(({ pipelineId, seq }) => seq < (heads.get(pipelineId.toHexString()) ?? 0))
      .map(({ _id }) => _id.toHexString())
      .filter((id) => !this.#working.has(id))
      .sort((a, b) => servedAt(a) - servedAt(b));
    if (this.#stopping.signal.aborted) return;
    const served = waiting.slice(0, AT_ONCE - this.#working.size);
    this.#othersWait = waiting.length > served.length;
    for (const id of served) this.#working.set(id, this.#work(app, id));
  }

  async #work(app: AppContext, id: string): Promise<void> {
    const holder = this.#holder;
    const { signal } = this.#stopping;
    const end = performance.now() + TURN_MS;
    const mustYield = (): boolean => this.#othersWait && performance.now() > end;
    try {
      await deliverEvents(app, { id, holder, stop: signal, mustYield });
    } catch (error) {
      if (!signal.aborted) app.logger.warn({ err: error, webhook: id }, "a webhook could not be served");
    } finally {
      await endLease(webhookLease(id), holder).catch(() => undefined);
      this.#working.delete(id);
      this.#served.delete(id);
      // At the end of the line; those that have not been served for long are as good as new.
      this.#served.set(id, performance.now());
      if (this.#served.size > REMEMBERED) this.#served.delete(this.#served.keys().next().value ?? "");
      if (this.#othersWait) this.hint();
    }
  }
}
