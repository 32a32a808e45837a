import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { findEventsAfter } from "@dmtracker/server/activity/event.store.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { compareRanked } from "@dmtracker/shared/pipeline/ranks.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();
let mutations = 0;
const aMutation = () => `mutation-${(mutations += 1)}`;

/** A board with contacts c1..cN in one stage, c1 on top. */
async function aBoard(count: number, stage = 0) {
  const organization = await server.anOrganization();
  const { pipeline, owner } = organization;
  const stageIds = pipeline.stages.map(({ id }) => id);
  const ids: string[] = [];
  for (let index = count; index >= 1; index -= 1) {
    const { contactId } = await createContact(server.context, {
      organizationId: organization.id,
      pipelineId: pipeline.id,
      actor: { type: "user", id: owner.id, name: owner.name },
      contact: {
        username: `c${index}`,
        source: "user",
        ...(stage > 0 ? { stageId: stageIds[stage] } : {}),
      },
    });
    ids.unshift(contactId);
  }
  return { organization, stageIds, ids };
}

async function aClient({ pipeline }: TestOrganization, person: { cookie: string }): Promise<BoardClient> {
  return new BoardClient(server.url, person.cookie, pipeline.id).open();
}

const names = (client: BoardClient, stageId: string) =>
  client.column(stageId).map((id) => client.contacts.get(id)?.username);

test("[RK1] rivals 30: a card lands exactly between its named neighbours, on every screen", async () => {
  const { organization, stageIds, ids } = await aBoard(4);
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.admin),
  ];
  const [c1, c2, , c4] = ids as [string, string, string, string];
  const reply = await ana.change({ mutationId: aMutation(), contactId: c4, after: c1, before: c2 });
  expect(reply).toMatchObject({ ok: true, version: 2 });
  await eventually(() => expect(names(bob, stageIds[0] as string)).toEqual(["c1", "c4", "c2", "c3"]));
  await eventually(() => expect(names(ana, stageIds[0] as string)).toEqual(["c1", "c4", "c2", "c3"]));
  ana.close();
  bob.close();
});

test("[RK2] rivals 15, 29: a move writes one card, and a move on an old board does not undo another", async () => {
  const { organization, stageIds, ids } = await aBoard(4);
  const [first, second] = stageIds as [string, string];
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.admin),
  ];
  const [c1, c2] = ids as [string, string];
  const before = new Map(ana.contacts);
  // Bob's board is old: he moves another card without having heard of Ana's move.
  await ana.change({ mutationId: aMutation(), contactId: c1, stageId: second, version: 1 });
  await bob.change({ mutationId: aMutation(), contactId: c2, stageId: second, version: 1 });
  await eventually(() => {
    for (const client of [ana, bob]) {
      expect(names(client, second)).toEqual(["c2", "c1"]);
      expect(names(client, first)).toEqual(["c3", "c4"]);
    }
  });
  const touched = [...ana.contacts.values()].filter(
    (contact) => before.get(contact.id)?.rank !== contact.rank,
  );
  expect(touched.map(({ username }) => username).sort()).toEqual(["c1", "c2"]);
  ana.close();
  bob.close();
});

test("[RK1] rivals 16: three quick moves, none waiting for the answer of the one before, all hold", async () => {
  const { organization, stageIds, ids } = await aBoard(3);
  const target = stageIds[2] as string;
  const ana = await aClient(organization, organization.owner);
  const replies = await Promise.all(
    ids.map((contactId) => ana.change({ mutationId: aMutation(), contactId, stageId: target, version: 1 })),
  );
  expect(replies.map(({ ok }) => ok)).toEqual([true, true, true]);
  await eventually(() => expect(names(ana, target)).toEqual(["c3", "c2", "c1"]));
  ana.close();
});

test("[CC3] rivals 22, 26: A-B-A by one's own hand is no conflict, even on the version first seen", async () => {
  const { organization, stageIds, ids } = await aBoard(2);
  const [first, second] = stageIds as [string, string];
  const ana = await aClient(organization, organization.owner);
  const contactId = ids[0] as string;
  const there = ana.change({ mutationId: aMutation(), contactId, stageId: second, version: 1 });
  const back = ana.change({ mutationId: aMutation(), contactId, stageId: first, after: null, version: 1 });
  expect(await there).toMatchObject({ ok: true });
  expect(await back).toMatchObject({ ok: true, version: 3 });
  await eventually(() => expect(names(ana, first)).toEqual(["c1", "c2"]));
  ana.close();
});

test("[CC3] rivals 17, 20: a drag of a card that someone else has moved meanwhile is refused with the reason", async () => {
  const { organization, stageIds, ids } = await aBoard(2);
  const [, second, third] = stageIds as [string, string, string];
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.admin),
  ];
  const contactId = ids[0] as string;
  expect(await ana.change({ mutationId: aMutation(), contactId, stageId: second, version: 1 })).toMatchObject(
    { ok: true },
  );
  const refused = await bob.change({ mutationId: aMutation(), contactId, stageId: third, version: 1 });
  expect(refused).toMatchObject({
    ok: false,
    code: "conflict",
    issues: [{ path: "stageId" }],
    conflict: { field: "stageId", theirs: second, by: organization.owner.name },
  });
  await eventually(() => expect(bob.contacts.get(contactId)).toMatchObject({ stageId: second, version: 2 }));
  ana.close();
  bob.close();
});

test("[CC3] rivals 21, 22: edits of different fields both stay, on whatever version", async () => {
  const { organization, stageIds, ids } = await aBoard(1);
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.admin),
  ];
  const contactId = ids[0] as string;
  await ana.change({ mutationId: aMutation(), contactId, stageId: stageIds[1], version: 1 });
  expect(
    await bob.change({ mutationId: aMutation(), contactId, status: "won", value: 900, version: 1 }),
  ).toMatchObject({ ok: true });
  expect(
    await ana.change({ mutationId: aMutation(), contactId, email: "kim@example.com", version: 1 }),
  ).toMatchObject({ ok: true });
  await eventually(() =>
    expect(bob.contacts.get(contactId)).toMatchObject({
      stageId: stageIds[1],
      leadStatus: "won",
      value: 900,
      email: "kim@example.com",
    }),
  );
  ana.close();
  bob.close();
});

test("[RK2] rivals 27, 31, 32: two people drop into the same gap again and again: places stay unique", async () => {
  const { organization, stageIds, ids } = await aBoard(12);
  const stageId = stageIds[0] as string;
  const [ana, bob] = [
    await aClient(organization, organization.owner),
    await aClient(organization, organization.admin),
  ];
  const [above, below, ...rest] = ids as [string, string, ...string[]];
  await Promise.all(
    rest.map((contactId, index) =>
      (index % 2 === 0 ? ana : bob).change({
        mutationId: aMutation(),
        contactId,
        after: above,
        before: below,
      }),
    ),
  );
  await eventually(() => expect(ana.column(stageId)).toEqual(bob.column(stageId)));
  const ranks = [...ana.contacts.values()].map(({ rank }) => rank);
  expect(new Set(ranks).size).toBe(ranks.length);
  expect(ana.column(stageId)[0]).toBe(above);
  expect(ana.column(stageId).at(-1)).toBe(below);
  ana.close();
  bob.close();
});

test("[RK1] rivals 28: the server owns the rank; a neighbour that is gone from the column is no obstacle", async () => {
  const { organization, stageIds, ids } = await aBoard(3);
  const [first, second] = stageIds as [string, string];
  const ana = await aClient(organization, organization.owner);
  const [c1, c2, c3] = ids as [string, string, string];
  await ana.change({ mutationId: aMutation(), contactId: c1, stageId: second });
  // c1 is named as neighbour in its old column, and one neighbour does not exist at all.
  expect(await ana.change({ mutationId: aMutation(), contactId: c3, after: c1, before: c2 })).toMatchObject({
    ok: true,
  });
  expect(await ana.change({ mutationId: aMutation(), contactId: c2, after: "f".repeat(24) })).toMatchObject({
    ok: true,
  });
  await eventually(() => expect(names(ana, first)).toEqual(["c2", "c3"]));
  const refused = await ana.change({ mutationId: aMutation(), contactId: c2, rank: "a0" } as never);
  expect(refused).toMatchObject({
    ok: false,
    code: "invalid",
    issues: [{ path: "rank", message: "is not a known field" }],
  });
  ana.close();
});

test("[RK3] ranks that grew long are renumbered as one event, and nobody sees a different order", async () => {
  const { organization, stageIds, ids } = await aBoard(3);
  const stageId = stageIds[0] as string;
  const ana = await aClient(organization, organization.owner);
  const [c1, c2, c3] = ids as [string, string, string];
  // c2 and c3 take turns in the gap right under c1: each move halves it.
  const replies = await Promise.all(
    Array.from({ length: 420 }, (_, turn) =>
      ana.change({ mutationId: aMutation(), contactId: turn % 2 === 0 ? c3 : c2, after: c1 }),
    ),
  );
  expect(replies.filter(({ ok }) => !ok)).toEqual([]);
  await eventually(async () => {
    const events = await findEventsAfter(organization.pipeline.id, 0, 1_000);
    expect(events.some(({ type }) => type === "pipeline.reranked")).toBe(true);
  });
  await eventually(() => {
    expect([...ana.contacts.values()].every(({ rank }) => rank.length <= 64)).toBe(true);
    expect(ana.column(stageId)).toEqual([c1, c2, c3]);
  });
  const fresh = await aClient(organization, organization.admin);
  const sorted = (client: BoardClient): Contact[] => [...client.contacts.values()].sort(compareRanked);
  await eventually(() => expect(sorted(fresh)).toEqual(sorted(ana)));
  ana.close();
  fresh.close();
});
