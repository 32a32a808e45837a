import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { findLines } from "@dmtracker/server/activity/activity.store.ts";
import { runTimedRules } from "@dmtracker/server/pipeline/run-timed-rules.ts";
import { createRule } from "@dmtracker/server/pipeline/save-rules.ts";
import { createTimedRule, updateTimedRule } from "@dmtracker/server/pipeline/save-timed-rules.ts";
import { findPipeline } from "@dmtracker/server/pipeline/pipeline.store.ts";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { TimedAct } from "@dmtracker/shared/contracts/pipeline.ts";
import type { RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { expect, test } from "vitest";
import { call } from "../support/http.ts";
import { startServer } from "../support/server.ts";

const DAY_MS = 86_400_000;
const clock = { ms: Date.parse("2026-03-01T10:00:00.000Z") };
const server = await startServer({ now: () => new Date(clock.ms) });
const other = await server.aSecondNode();

const later = (days: number): void => {
  clock.ms += days * DAY_MS;
};

/** Longer than a lease: whoever held it before has gone. */
const nextSweep = (): void => later(0.01);

async function withRule(act: TimedAct, days: number, contacts = 3) {
  nextSweep();
  const organization = await server.anOrganization();
  const { pipeline, owner } = organization;
  const actor = { type: "user" as const, id: owner.id, name: owner.name };
  const ids: string[] = [];
  for (let index = 0; index < contacts; index += 1) {
    const contact = { username: `lead.${index}`, source: "user" as const };
    const input = { organizationId: organization.id, pipelineId: pipeline.id, actor, contact };
    ids.push((await createContact(server.context, input)).contactId);
  }
  const owns = { pipelineId: pipeline.id, actor };
  const rule = await createTimedRule(server.context, owns, { act, days, enabled: true });
  const change = (contactId: string, wish: ContactChange) =>
    changeContact(server.context, { organizationId: organization.id, contactId, actor, change: wish });
  const read = async (id: string): Promise<Contact> =>
    (await call<{ contact: Contact }>(server.url, "GET", `/contacts/${id}`, { token: organization.token }))
      .body.data.contact;
  const statuses = () => Promise.all(ids.map(async (id) => (await read(id)).leadStatus));
  return { organization, pipeline, owns, ids, rule, change, read, statuses };
}

test("[TB1] two nodes that look at the same time change each contact once, also without a lease between them", async () => {
  const { ids, pipeline, rule, statuses } = await withRule("abandon", 14, 8);
  later(13);
  await runTimedRules(server.context, "first");
  expect(new Set(await statuses())).toEqual(new Set(["open"]));
  later(1);
  const before = (await findPipeline(pipeline.id))?.seq ?? 0;
  // Two holders whose leases have both run out between their looks: the commit alone decides.
  const [one, two] = await Promise.all([
    runTimedRules(server.context, "first"),
    runTimedRules(other.context, "first"),
  ]);
  expect((one ?? 0) + (two ?? 0)).toBe(ids.length);
  expect(new Set(await statuses())).toEqual(new Set(["abandoned"]));
  expect((await findPipeline(pipeline.id))?.seq).toBe(before + ids.length);
  const events = await findLines({ contactId: ids[0] ?? "" }, {}, { limit: 5 });
  expect(events[0]).toMatchObject({
    type: "contact.status_changed",
    actor: { type: "automation", id: rule.id, name: "Open and quiet for 14 days becomes Abandoned" },
    cause: null,
  });
  nextSweep();
  expect(await runTimedRules(other.context, "second")).toBe(0);
});

test("[TB1] the lease lets one process look, and another once it is not held any more", async () => {
  nextSweep();
  expect(await runTimedRules(server.context, "one")).toBeDefined();
  expect(await runTimedRules(other.context, "two")).toBeUndefined();
  expect(await runTimedRules(server.context, "one")).toBeDefined();
  nextSweep();
  expect(await runTimedRules(other.context, "two")).toBeDefined();
  expect(await runTimedRules(server.context, "one")).toBeUndefined();
});

test("[TB1] what fails in one pipeline keeps no other one waiting", async () => {
  const broken = await withRule("abandon", 2, 1);
  const sound = await withRule("abandon", 2, 2);
  later(2);
  const { commits } = server.context;
  const half = {
    ...server.context,
    commits: Object.assign(Object.create(commits) as typeof commits, {
      submit: (pipelineId: string, job: Parameters<typeof commits.submit>[1]) =>
        pipelineId === broken.pipeline.id
          ? Promise.reject(new Error("this pipeline cannot be written to"))
          : commits.submit(pipelineId, job),
    }),
  };
  await runTimedRules(half, "one");
  expect(await sound.statuses()).toEqual(["abandoned", "abandoned"]);
  expect(await broken.statuses()).toEqual(["open"]);
  nextSweep();
  await runTimedRules(server.context, "one");
  expect(await broken.statuses()).toEqual(["abandoned"]);
});

test("[TB1] a contact that cannot be changed keeps no other one waiting, and no other rule", async () => {
  const { ids, owns, change, read, statuses } = await withRule("abandon", 2, 3);
  const [stuck = "", quiet = "", written = ""] = ids;
  await createTimedRule(server.context, owns, { act: "remind", days: 1, enabled: true });
  later(1);
  await change(written, { note: "Called" });
  later(1);
  const { commits } = server.context;
  const half = {
    ...server.context,
    commits: Object.assign(Object.create(commits) as typeof commits, {
      submit: (pipelineId: string, job: Parameters<typeof commits.submit>[1]) =>
        job.contactIds.includes(stuck)
          ? Promise.reject(new Error("this contact cannot be written"))
          : commits.submit(pipelineId, job),
    }),
  };
  await runTimedRules(half, "one");
  expect(await statuses()).toEqual(["open", "abandoned", "open"]);
  expect((await read(quiet)).followUp).toBeNull();
  expect((await read(written)).followUp).not.toBeNull();
});

test("[TB4] what fell due while nothing ran is done by the first look after it, and a rule that is off does nothing", async () => {
  const { owns, rule, statuses } = await withRule("abandon", 3, 2);
  await updateTimedRule(server.context, owns, rule.id, { enabled: false });
  later(60);
  await runTimedRules(server.context, "after the holidays");
  expect(await statuses()).toEqual(["open", "open"]);
  await updateTimedRule(server.context, owns, rule.id, { enabled: true });
  nextSweep();
  // A node that has started just now: nothing of the time before is in its memory.
  const node = await server.aSecondNode();
  await runTimedRules(node.context, "after the holidays");
  nextSweep();
  await runTimedRules(node.context, "after the holidays");
  expect(await statuses()).toEqual(["abandoned", "abandoned"]);
});

test("[TB2] [AU2] parked contacts and planned days are left alone, and no other rule answers to the clock", async () => {
  const { pipeline, owns, ids, change, read, organization } = await withRule("abandon", 7, 4);
  const [parked = "", planned = "", active = "", plain = ""] = ids;
  const lost = pipeline.stages[5]?.id ?? "";
  await createRule(server.context, owns, {
    type: "status_to_stage",
    stageId: lost,
    status: "abandoned",
    enabled: true,
  });
  await change(parked, { parked: { until: new Date(clock.ms + 30 * DAY_MS).toISOString(), reason: null } });
  const dueAt = new Date(clock.ms + 20 * DAY_MS).toISOString();
  await change(planned, { followUp: { act: "schedule", dueAt } });
  later(5);
  await change(active, { note: "Called, will think about it" });
  later(3);
  const preview = await call<RulePreview>(
    server.url,
    "POST",
    `/pipelines/${pipeline.id}/timed-rules/preview`,
    {
      cookie: organization.admin.cookie,
      body: { act: "abandon", days: 7 },
    },
  );
  expect(preview.body.data).toMatchObject({
    total: 1,
    contacts: [{ contactId: plain, status: "abandoned" }],
  });
  await runTimedRules(server.context, "one");
  const states = await Promise.all(ids.map(async (id) => (await read(id)).leadStatus));
  expect(states).toEqual(["open", "open", "open", "abandoned"]);
  expect((await read(plain)).stageId).toBe(pipeline.stages[0]?.id);
});

test("[TB3] a reminder makes the contact due once, and is no activity: the next rule counts from the last person", async () => {
  const { owns, ids, read } = await withRule("remind", 5, 1);
  await createTimedRule(server.context, owns, { act: "abandon", days: 10, enabled: true });
  const [id = ""] = ids;
  const quietSince = (await read(id)).lastActivityAt;
  later(5);
  await runTimedRules(server.context, "one");
  const reminded = await read(id);
  expect(reminded.followUp).toMatchObject({
    dueAt: new Date(clock.ms).toISOString(),
    note: "No activity for 5 days",
  });
  expect(reminded.lastActivityAt).toBe(quietSince);
  nextSweep();
  await runTimedRules(server.context, "one");
  expect((await read(id)).version).toBe(reminded.version);
  later(5);
  await runTimedRules(server.context, "one");
  expect((await read(id)).leadStatus).toBe("abandoned");
});

test("[AU5] one enabled time-based rule for each act", async () => {
  const { owns, rule } = await withRule("abandon", 14, 0);
  const second = createTimedRule(server.context, owns, { act: "abandon", days: 30, enabled: true });
  await expect(second).rejects.toMatchObject({ code: "trigger_taken" });
  await updateTimedRule(server.context, owns, rule.id, { enabled: false });
  const third = await createTimedRule(server.context, owns, { act: "abandon", days: 30, enabled: true });
  await expect(updateTimedRule(server.context, owns, rule.id, { enabled: true })).rejects.toMatchObject({
    code: "trigger_taken",
  });
  expect((await findPipeline(owns.pipelineId))?.timedRules).toEqual([{ ...rule, enabled: false }, third]);
});
