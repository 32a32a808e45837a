import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { LeadStatus } from "@dmtracker/shared/contracts/lead-status.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { applyToContact } from "@dmtracker/shared/pipeline/apply-event.ts";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import type { ProductProcess } from "../support/launch-product.ts";
import { makeDataDir, startProduct } from "../support/product-process.ts";

const ROUNDS = 3;
const CLIENTS = 16;
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

type Acknowledged = { seq: number; contactId: string; changed: string[] };

async function readLog(url: string, token: string): Promise<PipelineEvent[]> {
  const log: PipelineEvent[] = [];
  for (;;) {
    const after = log.at(-1)?.seq ?? 0;
    const { body } = await call<{ events: PipelineEvent[] }>(
      url,
      "GET",
      `/events?after=${after}&limit=1000`,
      { token },
    );
    if (body.data.events.length === 0) return log;
    log.push(...body.data.events);
  }
}

/** Writes as fast as it may until the process is gone; remembers what was acknowledged. */
async function workUntilDeath(
  { url }: ProductProcess,
  token: string,
  ids: string[],
  stageIds: string[],
  acknowledged: Acknowledged[],
): Promise<void> {
  for (;;) {
    const wish = Math.random() < 0.5 ? { stage_id: pick(stageIds) } : { status: pick(LeadStatus.options) };
    try {
      const body = { contact_id: pick(ids), ...wish };
      const answer = await call<ContactStatusAnswer>(url, "PATCH", "/contact/contact-status", {
        token,
        body,
      });
      if (answer.status !== 200) throw new Error(`${answer.status}`);
      const { seq, contact_id: contactId, changed } = answer.body.data;
      if (changed.length > 0) acknowledged.push({ seq, contactId, changed });
    } catch {
      return;
    }
  }
}

test("[RT2] [CC2] [OP2] [OP3] kill -9 in the middle of a load: every acknowledged change is there, none is half", async () => {
  const dataDir = await makeDataDir();
  let product = await startProduct(dataDir, { DEMO: "1" });
  const { token = "" } = product;
  expect(token).toMatch(/^dmt_/);
  const created = await readLog(product.url, token);
  const ids = [...new Set(created.map(({ contactId }) => contactId).filter((id) => id !== null))].slice(
    0,
    60,
  );
  const { body } = await call<{ pipelines: { stages: { id: string }[] }[] }>(
    product.url,
    "GET",
    "/pipelines",
    { token },
  );
  const stageIds = body.data.pipelines[0]?.stages.map(({ id }) => id) ?? [];

  const acknowledged: Acknowledged[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const work = Array.from({ length: CLIENTS }, () =>
      workUntilDeath(product, token, ids, stageIds, acknowledged),
    );
    // Counted, not timed: a slow machine shall be killed under load too.
    const enough = acknowledged.length + 20 + Math.random() * 200;
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(enough), 60_000);
    await product.kill();
    await Promise.all(work);
    product = await startProduct(dataDir, { DEMO: "1" });
    // The demo was made once: a second start says nothing about it.
    expect(product.token).toBeUndefined();
  }
  expect(acknowledged.length).toBeGreaterThan(20 * ROUNDS);

  const log = await readLog(product.url, token);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  const bySeq = new Map(log.map((event) => [event.seq, event]));
  for (const { seq, contactId } of acknowledged) expect(bySeq.get(seq)?.contactId).toBe(contactId);

  const folded = new Map<string, Contact>();
  for (const event of log) {
    if (!event.contactId) continue;
    const contact = applyToContact(folded.get(event.contactId), event);
    if (contact) folded.set(event.contactId, contact);
  }
  for (const id of ids) {
    const { body: answer } = await call<{ contact: Contact }>(product.url, "GET", `/contacts/${id}`, {
      token,
    });
    expect(answer.data.contact).toEqual(folded.get(id));
  }
  await product.stop();
  expect(product.process.exitCode).toBe(0);
});
