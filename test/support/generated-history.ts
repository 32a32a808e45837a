import { DEFAULT_SETTINGS } from "@dmtracker/shared/contracts/default-settings.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { Rule, Stage } from "@dmtracker/shared/contracts/pipeline.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import { decideNew } from "@dmtracker/shared/pipeline/decide-new.ts";
import type { DecisionContext } from "@dmtracker/shared/pipeline/decision.ts";

/** A small seeded generator (mulberry32): the same history every time. */
export function createRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  return { next, pick, chance: (probability: number): boolean => next() < probability };
}

export type HistoryWanted = {
  seed: number;
  contacts: number;
  events: number;
  pipelineId: string;
  stages: Stage[];
  rules: Rule[];
  people: { id: string; name: string }[];
  /** The history goes from here to there, evenly. */
  from: number;
  until: number;
  /** Number of the last event before it. */
  head: number;
  anId: () => string;
};

export type History = { contacts: Map<string, Contact>; head: number };

const REASONS = ["Too expensive", "Chose a competitor", null];

/**
 * Years of somebody's work, decided by the same functions as real work: moves forth and back, outcomes that come
 * and go, late messages, rules, a stage that is emptied because it was deleted. Not believable, but without mercy.
 */
export function generateHistory(wanted: HistoryWanted, take: (event: PipelineEvent) => void): History {
  const random = createRandom(wanted.seed);
  const { stages, rules, people, pipelineId } = wanted;
  const contacts = new Map<string, Contact>();
  const ids: string[] = [];
  const api: Actor = { type: "api", id: wanted.anId(), name: "n8n" };
  let head = wanted.head;
  const whole = wanted.events;
  const timeOf = (): number =>
    wanted.from + ((wanted.until - wanted.from) * (head - wanted.head)) / Math.max(1, whole);
  const tell = (events: readonly PipelineEvent[], contact: Contact | undefined): void => {
    for (const event of events) take(event);
    head = events.at(-1)?.seq ?? head;
    if (contact) contacts.set(contact.id, contact);
  };
  const contextNow = (): DecisionContext => {
    const person = random.pick(people);
    return {
      pipeline: { id: pipelineId, stages, rules },
      settings: DEFAULT_SETTINGS,
      actor: random.chance(0.15) ? api : { type: "user", ...person },
      now: new Date(timeOf()).toISOString(),
      head,
      batchId: `b${head}`,
      rankFor: () => "a0",
    };
  };
  const create = (): void => {
    const id = wanted.anId();
    const decision = decideNew(
      {
        id,
        username: `contact.${ids.length}`,
        source: random.pick(["user", "api", "import"]),
        ...(random.chance(0.2) ? { stageId: random.pick(stages).id } : {}),
        ...(random.chance(0.1) ? { status: random.pick(["won", "lost", "abandoned"] as const) } : {}),
        assigneeId: random.chance(0.8) ? random.pick(people).id : null,
        value: random.chance(0.6) ? Math.floor(random.next() * 500_000) / 100 : null,
      },
      contextNow(),
    );
    if (!decision.ok) throw new Error(decision.message);
    ids.push(id);
    tell(decision.events, decision.contact);
  };
  const wish = (contact: Contact): ContactChange => {
    const dice = random.next();
    const at = new Date(timeOf() - (random.chance(0.05) ? 86_400_000 : 0)).toISOString();
    if (dice < 0.35) return { message: { direction: "out", text: "Hi", at } };
    if (dice < 0.55) return { message: { direction: "in", text: "Yes?", at } };
    if (dice < 0.75) return { stageId: random.pick(stages).id };
    if (dice < 0.85) {
      const status = random.pick(["open", "won", "lost", "abandoned"] as const);
      if (status === "lost") return { status, lostReason: random.pick(REASONS) };
      return status === "won" && random.chance(0.5) ? { status, value: 1_234.56 } : { status };
    }
    if (dice < 0.9) return { assigneeId: random.chance(0.2) ? null : random.pick(people).id };
    if (dice < 0.93) return { value: random.chance(0.2) ? null : Math.floor(random.next() * 100_000) / 100 };
    if (contact.leadStatus === "lost" && dice < 0.96) return { lostReason: random.pick(REASONS) };
    return contact.followUp
      ? { followUp: { act: "complete" } }
      : {
          followUp: {
            act: "schedule",
            dueAt: new Date(timeOf() + 1e8 * (random.next() - 0.3)).toISOString(),
          },
        };
  };
  /** As if a stage that stood there had been deleted: its contact is carried elsewhere, and nobody moved it. */
  const carry = (contact: Contact): void => {
    const to = random.pick(stages.filter(({ id }) => id !== contact.stageId));
    const { batchId, now, actor } = contextNow();
    const event: PipelineEvent = {
      pipelineId,
      seq: head + 1,
      type: "contact.stage_changed",
      contactId: contact.id,
      username: contact.username,
      before: {
        stageId: contact.stageId,
        leadStatus: contact.leadStatus,
        value: contact.value,
        rank: contact.rank,
      },
      after: { stageId: to.id, rank: "a0", stageEnteredAt: now, version: contact.version + 1 },
      actor,
      cause: { seq: head, type: "pipeline.stages_changed", actor },
      batchId,
      at: now,
    };
    tell([event], applyToContact(contact, event));
  };
  while (head - wanted.head < wanted.events) {
    const isGrowing = ids.length < wanted.contacts * ((head - wanted.head) / wanted.events) * 1.5;
    if (ids.length === 0 || (ids.length < wanted.contacts && isGrowing)) {
      create();
      continue;
    }
    const contact = contacts.get(random.pick(ids)) as Contact;
    if (random.chance(0.005)) {
      carry(contact);
      continue;
    }
    const decision = decide(contact, wish(contact), contextNow());
    if (decision.ok) tell(decision.events, decision.contact);
    // Nothing changed: without this a history of refusals would never end.
    if (!decision.ok || decision.events.length === 0) create();
  }
  return { contacts, head };
}
