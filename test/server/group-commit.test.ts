import { CommitQueues } from "@dmtracker/server/pipeline/commit-queue.ts";
import { ContactModel } from "@dmtracker/server/contacts/contact.model.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { findEventsAfter } from "@dmtracker/server/activity/event.store.ts";
import { findPipeline } from "@dmtracker/server/pipeline/pipeline.store.ts";
import type { ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import type { AppContext } from "@dmtracker/server/app-context.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { expect, test } from "vitest";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

const asApi = { type: "api" as const, id: "t", name: "load" };

async function withContacts(count: number): Promise<{ organization: TestOrganization; ids: string[] }> {
  const organization = await server.anOrganization();
  const made = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      createContact(server.context, {
        organizationId: organization.id,
        pipelineId: organization.pipeline.id,
        actor: asApi,
        contact: { username: `c${index}`, source: "api" },
      }),
    ),
  );
  return { organization, ids: made.map(({ contactId }) => contactId) };
}

test("[RT1] [RT8] a burst of 1,000 changes to one pipeline is numbered without gaps and travels in few messages", async () => {
  const { organization, ids } = await withContacts(50);
  const batches: PipelineEvent[][] = [];
  const app: AppContext = {
    ...server.context,
    commits: new CommitQueues((_pipeline, events) => batches.push(events), server.context.recentSettings),
  };
  const before = (await findPipeline(organization.pipeline.id))?.seq ?? 0;
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      changeContact(app, {
        organizationId: organization.id,
        contactId: ids[index % ids.length] as string,
        actor: asApi,
        change: { value: index + 1 },
      }),
    ),
  );
  const seqs = answers.map(({ seq }) => seq).sort((a, b) => a - b);
  expect(seqs).toEqual(Array.from({ length: 1_000 }, (_, index) => before + index + 1));
  expect(batches.flat().map(({ seq }) => seq)).toEqual(seqs);
  expect(batches.length).toBeLessThan(100);
});

test("[CC5] a bad change in a batch is refused alone", async () => {
  const { organization, ids } = await withContacts(3);
  const change = (contactId: string, stageId?: string) =>
    changeContact(server.context, {
      organizationId: organization.id,
      contactId,
      pipelineId: organization.pipeline.id,
      actor: asApi,
      change: stageId ? { stageId } : { value: 5 },
    });
  const results = await Promise.allSettled([
    change(ids[0] as string),
    change("f".repeat(24)),
    change(ids[1] as string, "e".repeat(24)),
    change(ids[2] as string),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(await ContactModel.countDocuments({ organizationId: organization.id, value: 5 })).toBe(2);
});

test("[CC6] [CC5] a handle taken by another contact is refused alone, its companions are saved", async () => {
  const { organization, ids } = await withContacts(3);
  const rename = (contactId: string, username: string) =>
    changeContact(server.context, {
      organizationId: organization.id,
      contactId,
      pipelineId: organization.pipeline.id,
      actor: asApi,
      change: { username },
    });
  const results = await Promise.allSettled([
    rename(ids[0] as string, "fresh"),
    rename(ids[1] as string, "c2"),
    rename(ids[2] as string, "other"),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("[CC5] a taken handle refuses nobody else, also when its companion is a retry", async () => {
  const { organization, ids } = await withContacts(3);
  const [c0, c1, c2] = ids as [string, string, string];
  const change = (contactId: string, wish: ContactChange, mutation?: string) =>
    changeContact(server.context, {
      organizationId: organization.id,
      contactId,
      pipelineId: organization.pipeline.id,
      actor: asApi,
      change: wish,
      ...(mutation ? { mutation: { id: mutation, fingerprint: JSON.stringify(wish) } } : {}),
    });
  await change(c0, { username: "taken" }, "m1");
  await change(c0, { username: "moved.on" });
  await change(c1, { username: "taken" });
  const results = await Promise.allSettled([
    change(c0, { username: "taken" }, "m1"),
    change(c2, { value: 5 }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
});

test("[CC5] nobody is refused because of a change that never happened", async () => {
  const { organization, ids } = await withContacts(2);
  const stageId = organization.pipeline.stages[2]?.id ?? "";
  const change = (actorId: string, wish: ContactChange) =>
    changeContact(server.context, {
      organizationId: organization.id,
      contactId: ids[0] as string,
      pipelineId: organization.pipeline.id,
      actor: { type: "user", id: actorId, name: actorId },
      change: wish,
      seenVersion: 1,
    });
  const results = await Promise.allSettled([
    change("ana", { stageId, username: "c1" }),
    change("bob", { stageId: organization.pipeline.stages[3]?.id ?? "" }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

test("[RT1] two processes that write the same pipeline share one gapless log and lose nothing", async () => {
  const { organization, ids } = await withContacts(10);
  const nodes = [0, 1].map((): AppContext => ({
    ...server.context,
    commits: new CommitQueues(() => {}, server.context.recentSettings),
  }));
  const before = (await findPipeline(organization.pipeline.id))?.seq ?? 0;
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      changeContact(nodes[index % 2] as AppContext, {
        organizationId: organization.id,
        contactId: ids[index % ids.length] as string,
        actor: asApi,
        change: { note: `note ${index}` },
      }),
    ),
  );
  expect(new Set(answers.map(({ seq }) => seq)).size).toBe(200);
  const events = await findEventsAfter(organization.pipeline.id, before, 1_000);
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, index) => before + index + 1));
  expect(new Set(events.map(({ after }) => after.note)).size).toBe(200);
});

test("[RT12] a quiet process gets its changes in beside one that never rests", async () => {
  const { organization, ids } = await withContacts(30);
  const races = { busy: 0, quiet: 0 };
  const aNode = (name: keyof typeof races): AppContext => ({
    ...server.context,
    commits: new CommitQueues(() => {}, server.context.recentSettings, {
      committed: () => undefined,
      broadcast: () => undefined,
      refused: () => undefined,
      lostRace: () => (races[name] += 1),
    }),
  });
  const [busy, quiet] = [aNode("busy"), aNode("quiet")];
  const change = (app: AppContext, contactId: string, value: number) =>
    changeContact(app, { organizationId: organization.id, contactId, actor: asApi, change: { value } });
  let isOver = false;
  const load = ids.slice(1).map(async (contactId) => {
    for (let value = 1; !isOver; value += 1) await change(busy, contactId, value);
  });
  const quietId = ids[0] as string;
  for (let value = 1; value <= 25; value += 1) {
    expect(await change(quiet, quietId, value)).toMatchObject({ changed: ["value"] });
  }
  isOver = true;
  await Promise.all(load);
  expect(races.quiet, "it must have lost races for this to show anything").toBeGreaterThan(0);
  const { seq = 0 } = (await findPipeline(organization.pipeline.id)) ?? {};
  const events = await findEventsAfter(organization.pipeline.id, 0, 100_000);
  expect(events.map((event) => event.seq)).toEqual(Array.from({ length: seq }, (_, index) => index + 1));
});

test("[RT11] what a process remembers never hides what another has committed", async () => {
  const { organization, ids } = await withContacts(2);
  const [here, there] = [0, 1].map((): AppContext => ({
    ...server.context,
    commits: new CommitQueues(() => {}, server.context.recentSettings),
  })) as [AppContext, AppContext];
  const [contactId, other] = ids as [string, string];
  const change = (app: AppContext, wish: ContactChange, id = contactId, seenVersion?: number) =>
    changeContact(app, {
      organizationId: organization.id,
      contactId: id,
      actor: asApi,
      change: wish,
      seenVersion,
    });

  await change(here, { value: 1 });
  await change(there, { value: 2 });
  expect(await change(here, { value: 2 }), "nothing to change: as it is there").toMatchObject({
    changed: [],
    version: 3,
  });
  await change(there, { value: 3 });
  expect(await change(here, { value: 2 }), "a change: it was something else there").toMatchObject({
    changed: ["value"],
    version: 5,
  });
  await change(there, { username: "renamed" });
  await change(here, { note: "a commit here knows the newest of the whole pipeline" }, other);
  await expect(change(here, { username: "mine" }, contactId, 5)).resolves.toMatchObject({ version: 7 });
  expect((await ContactModel.findById(contactId).lean())?.value).toBe(2);
});

test("[RT2] stopping finishes what was accepted and refuses what comes later", async () => {
  const { organization, ids } = await withContacts(2);
  const app: AppContext = {
    ...server.context,
    commits: new CommitQueues(() => {}, server.context.recentSettings),
  };
  const input = {
    organizationId: organization.id,
    contactId: ids[0] as string,
    pipelineId: organization.pipeline.id,
    actor: asApi,
  };
  const isQueued = Promise.withResolvers<void>();
  const accepted = changeContact(app, {
    ...input,
    change: { value: 1 },
    inTurn: (ready) => ready.finally(() => setImmediate(isQueued.resolve)),
  });
  await isQueued.promise;
  const stopped = app.commits.stop();
  await expect(changeContact(app, { ...input, change: { value: 2 } })).rejects.toMatchObject({
    code: "stopping",
  });
  expect(await accepted).toMatchObject({ version: 2 });
  await stopped;
});
