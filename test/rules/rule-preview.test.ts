import fc from "fast-check";
import { expect, test } from "vitest";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import { decide } from "@dmtracker/shared/pipeline/decide.ts";
import { findContradictions } from "@dmtracker/shared/pipeline/contradictions.ts";
import { simulateRule } from "@dmtracker/shared/pipeline/simulate-rule.ts";
import { isDueFor } from "@dmtracker/shared/pipeline/timed-rules.ts";
import { aContact, aContext, aRule, someStages } from "../support/factories.ts";

const stages = someStages();
const stage = (index: number) => stages[index]?.id ?? "";
const STATUSES = ["open", "won", "lost", "abandoned"] as const;

/** What a contact lived through: each change decided under the rules of then, all events in one log. */
function live(changes: ContactChange[], rules: Rule[]): PipelineEvent[] {
  let contact: Contact = aContact({ stageId: stage(0) });
  const log: PipelineEvent[] = [];
  for (const [index, change] of changes.entries()) {
    const context = { ...aContext(stages, rules, log.length + 10), batchId: `batch-${index}` };
    const decision = decide(contact, change, context);
    if (!decision.ok) throw new Error(decision.message);
    log.push(...decision.events);
    contact = decision.contact;
  }
  return log;
}

test("[AU8] the preview finds the calls that the rule would have answered to, and no others", () => {
  const log = live(
    [{ stageId: stage(4) }, { status: "lost" }, { stageId: stage(1) }, { stageId: stage(4), status: "open" }],
    [],
  );
  const rule = aRule("stage_to_status", stage(4), "won");
  const acts = simulateRule(log, rule, { rules: [], stages });
  // The second time Closed was entered the caller named a status: no rule overrides that [AU3].
  expect(acts).toHaveLength(1);
  expect(acts[0]).toMatchObject({ effect: { status: "won" } });
});

test("[AU8] what a rule has changed counts as nobody's wish: one hop in the preview, too", () => {
  const on = aRule("stage_to_status", stage(4), "won");
  const log = live([{ stageId: stage(4) }], [on]);
  const next = aRule("status_to_stage", stage(5), "won");
  expect(simulateRule(log, next, { rules: [on], stages })).toEqual([]);
});

test("[AU8] for any history, the preview says exactly what deciding live with the rule would have added", () => {
  const change = fc.record(
    { stageId: fc.nat(5).map(stage), status: fc.constantFrom(...STATUSES) },
    { requiredKeys: [] },
  );
  const rules = fc.record({ type: fc.boolean(), stage: fc.nat(5), status: fc.constantFrom(...STATUSES) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), rules, (changes, wanted) => {
      const type = wanted.type ? "stage_to_status" : "status_to_stage";
      const rule = aRule(type, stage(wanted.stage), wanted.status);
      // Each change again, from where it stood then, with the rule on. What names the value that was there already
      // leaves no trace in the log, so nobody does it here.
      let contact: Contact = aContact({ stageId: stage(0) });
      let times = 0;
      const wishes = changes.map(({ stageId, status }) => {
        const wish: ContactChange = {
          ...(stageId === contact.stageId ? {} : { stageId }),
          ...(status === contact.leadStatus ? {} : { status }),
        };
        const withRule = decide(contact, wish, aContext(stages, [rule], contact.seq));
        const without = decide(contact, wish, aContext(stages, [], contact.seq));
        if (withRule.ok && withRule.automations.length > 0) times += 1;
        if (without.ok) contact = without.contact;
        return wish;
      });
      expect(simulateRule(live(wishes, []), rule, { rules: [], stages })).toHaveLength(times);
    }),
  );
});

test("[AU9] two rules that leave contacts in different states are named; the seed's own example reads as it acts", () => {
  const closedWon = aRule("stage_to_status", stage(4), "won");
  const wonToLost = aRule("status_to_stage", stage(5), "won");
  const [found] = findContradictions(wonToLost, [closedWon], stages);
  expect(found?.words).toBe(
    "Who is moved to Closed becomes Won and stays there, although who becomes Won otherwise goes to Lost.",
  );
  const lostLost = aRule("stage_to_status", stage(5), "lost");
  const abandonedToLost = aRule("status_to_stage", stage(5), "abandoned");
  expect(found?.kind).toBe("contradiction");
  expect(findContradictions(abandonedToLost, [lostLost], stages)[0]).toMatchObject({
    kind: "note",
    words: "Who becomes Abandoned goes to Lost and stays Abandoned. Who is moved there by hand becomes Lost.",
  });
  expect(findContradictions(lostLost, [abandonedToLost], stages)).toEqual([]);
  const wonToClosed = aRule("status_to_stage", stage(4), "won");
  expect(findContradictions(wonToClosed, [closedWon, lostLost], stages)).toEqual([]);
  expect(findContradictions(wonToLost, [{ ...closedWon, enabled: false }], stages)).toEqual([]);
});

test("[TB2] a time-based rule acts on who is Open and quiet, and leaves the parked and the planned alone", () => {
  const now = Date.parse("2026-03-15T10:00:00.000Z");
  const quiet = aContact({ stageId: stage(0), lastActivityAt: "2026-03-01T10:00:00.000Z" });
  const abandon = { act: "abandon", days: 14 } as const;
  const remind = { act: "remind", days: 14 } as const;
  const later = { dueAt: "2026-03-20T09:00:00.000Z", note: null, step: null };
  const due = { ...later, dueAt: "2026-03-10T09:00:00.000Z" };
  expect(isDueFor(abandon, quiet, now)).toBe(true);
  expect(isDueFor(abandon, quiet, now - 1)).toBe(false);
  expect(isDueFor(abandon, { ...quiet, leadStatus: "won" }, now)).toBe(false);
  expect(isDueFor(abandon, { ...quiet, followUp: due }, now)).toBe(true);
  expect(isDueFor(abandon, { ...quiet, followUp: later }, now)).toBe(false);
  expect(isDueFor(remind, quiet, now)).toBe(true);
  expect(isDueFor(remind, { ...quiet, followUp: due }, now)).toBe(false);
  const parked = { until: "2026-04-01T00:00:00.000Z", reason: null };
  expect(isDueFor(abandon, { ...quiet, parked }, now)).toBe(false);
  expect(isDueFor(abandon, { ...quiet, parked: { ...parked, until: "2026-03-14T00:00:00.000Z" } }, now)).toBe(
    true,
  );
});
