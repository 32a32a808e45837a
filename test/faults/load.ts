import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import type { TestTeam } from "./test-team.ts";

const ANSWER_LIMIT_MS = 15_000;
const PAUSE_MS = 30;
const TEMPORARY = new Set([429, 500, 502, 503, 504]);

export type LoadOptions = {
  /** Where workers go, in turn: one address for all, or several nodes directly. */
  urls: readonly string[];
  team: TestTeam;
  reps?: number;
  programs?: number;
};

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/**
 * People and programs that change contacts of one pipeline, each one after the other. Every change is a value that
 * nobody else gives, and is sent again under the same name until it is answered: so each must be in the log once.
 */
export class Load {
  readonly clients: BoardClient[] = [];
  /** Number of the event by the value that it set. */
  readonly acknowledged = new Map<number, number>();
  /** From the first sending of a change to its answer, the longest first sending counts. */
  longestWaitMs = 0;
  tries = 0;
  readonly #team: TestTeam;
  readonly #work: Promise<void>[] = [];
  #isOver = false;
  #next: number;

  private constructor(team: TestTeam) {
    this.#team = team;
    // Loads that follow each other on the same contacts share no value.
    this.#next = (Date.now() % 1_000_000) * 1_000;
  }

  static async start({ urls, team, reps = 6, programs = 3 }: LoadOptions): Promise<Load> {
    const load = new Load(team);
    const urlOf = (index: number): string => urls[index % urls.length] as string;
    for (let index = 0; index < reps; index += 1) {
      load.clients.push(await new BoardClient(urlOf(index), team.cookie, team.pipelineId).open());
    }
    for (const client of load.clients) load.#work.push(load.#asRep(client));
    for (let index = 0; index < programs; index += 1) load.#work.push(load.#asProgram(urlOf(index)));
    return load;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits until so many more changes are acknowledged: a slow machine is given its time. */
  async more(changes: number): Promise<void> {
    const enough = this.acknowledged.size + changes;
    await eventually(() => {
      if (this.acknowledged.size < enough) throw new Error(`only ${this.acknowledged.size} of ${enough}`);
    }, 90_000);
  }

  /** Nobody begins anything new; what was begun is answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#work);
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  #wish(): { contactId: string; stageId: string; value: number } {
    this.#next += 1;
    return { contactId: pick(this.#team.contactIds), stageId: pick(this.#team.stageIds), value: this.#next };
  }

  #note(value: number, seq: number, startedAt: number): void {
    this.acknowledged.set(value, seq);
    this.longestWaitMs = Math.max(this.longestWaitMs, performance.now() - startedAt);
  }

  async #asRep(client: BoardClient): Promise<void> {
    while (!this.#isOver) {
      const { contactId, stageId, value } = this.#wish();
      const message = { mutationId: randomUUID(), contactId, stageId, value };
      const startedAt = performance.now();
      for (;;) {
        this.tries += 1;
        const reply = await client.change(message).catch(() => undefined);
        if (reply?.ok) {
          this.#note(value, reply.seq, startedAt);
          break;
        }
        if (reply && !["busy", "stopping", "internal", "rate_limited"].includes(reply.code))
          throw new Error(`refused: ${reply.code} ${reply.message}`);
        await delay(PAUSE_MS);
      }
    }
  }

  async #asProgram(url: string): Promise<void> {
    const { token } = this.#team;
    while (!this.#isOver) {
      const { contactId, stageId, value } = this.#wish();
      const headers = { "idempotency-key": randomUUID() };
      const body = { contact_id: contactId, stage_id: stageId, value };
      const startedAt = performance.now();
      for (;;) {
        this.tries += 1;
        const answer = await call<ContactStatusAnswer>(url, "PATCH", "/contact/contact-status", {
          token,
          headers,
          body,
          signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
        }).catch(() => undefined);
        if (answer?.status === 200) {
          this.#note(value, answer.body.data.seq, startedAt);
          break;
        }
        if (answer && !TEMPORARY.has(answer.status))
          throw new Error(`refused: ${answer.status} ${answer.body.message}`);
        await delay(PAUSE_MS);
      }
    }
  }
}
