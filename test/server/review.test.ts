import type { BulkAction } from "@dmtracker/shared/contracts/bulk.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { expect, test } from "vitest";
import { call } from "../support/http.ts";
import { startServer, type TestOrganization } from "../support/server.ts";

const server = await startServer();

const DAY_MS = 86_400_000;
const QUEUE = "status=open&quiet=14&parked=no";

const actorOf = ({ owner }: TestOrganization) => ({ type: "user" as const, id: owner.id, name: owner.name });

/** Contacts c0..cN, each quiet for as many days as its number says, spread over three stages. */
async function withQuietContacts(count: number) {
  const organization = await server.anOrganization();
  const stageIds = organization.pipeline.stages.map(({ id }) => id);
  const ids: string[] = [];
  for (let days = 0; days < count; days += 1) {
    const { contactId } = await createContact(server.context, {
      organizationId: organization.id,
      pipelineId: organization.pipeline.id,
      actor: actorOf(organization),
      contact: { username: `c${days}`, source: "user", value: days, stageId: stageIds[days % 3] },
      // A little more, so that a day that ends while this runs changes nothing.
      at: new Date(Date.now() - days * DAY_MS - 60_000),
    });
    ids.push(contactId);
  }
  return { organization, stageIds, ids };
}

const queue = async ({ token }: TestOrganization, query = QUEUE) => {
  const { body } = await call<ContactListPage>(
    server.url,
    "GET",
    `/contacts?${query}&sort=last_activity&direction=asc`,
    { token },
  );
  return body.data;
};

const change = (organization: TestOrganization, contactId: string, wish: object) =>
  changeContact(server.context, {
    organizationId: organization.id,
    contactId,
    change: wish,
    actor: actorOf(organization),
  });

async function bulk({ token }: TestOrganization, body: object): Promise<BulkAction> {
  const answer = await call<BulkAction>(server.url, "POST", "/bulk-actions", { token, body });
  expect(answer.status).toBe(200);
  return answer.body.data;
}

const read = async ({ token }: TestOrganization, contactId: string) => {
  const { body } = await call<{ contact: Contact }>(server.url, "GET", `/contacts/${contactId}`, { token });
  return body.data.contact;
};

test("[RQ1] the queue holds who is Open and silent, the longest silent first, counted by stage", async () => {
  const { organization, stageIds, ids } = await withQuietContacts(20);
  await change(organization, ids[16] ?? "", { status: "won" });
  await change(organization, ids[17] ?? "", {
    parked: { until: new Date(Date.now() + 5 * DAY_MS).toISOString(), reason: null },
  });
  await change(organization, ids[18] ?? "", { note: "called" });
  const { contacts, total, by_stage: byStage } = await queue(organization);
  expect(contacts.map(({ username }) => username)).toEqual(["c19", "c15", "c14"]);
  expect(total).toBe(3);
  // 19 % 3 = 1, 15 % 3 = 0, 14 % 3 = 2
  expect(byStage).toEqual({
    [stageIds[0] ?? ""]: { count: 1, value: 15 },
    [stageIds[1] ?? ""]: { count: 1, value: 19 },
    [stageIds[2] ?? ""]: { count: 1, value: 14 },
  });
  expect((await queue(organization, "status=open&quiet=19")).total).toBe(1);
});

test("[RQ2] re-engaging, parking and abandoning many take them out of the queue, each with its line", async () => {
  const { organization, ids } = await withQuietContacts(20);
  const until = new Date(Date.now() + 30 * DAY_MS).toISOString();
  const [, , , parkedId = "", otherId = ""] = ids.slice(14);
  const parked = await bulk(organization, {
    contact_ids: [parkedId, otherId],
    parked: { until, reason: "budget in March" },
  });
  expect(parked).toMatchObject({ title: "Parked", changed: 2, refused: 0 });
  expect(await read(organization, parkedId)).toMatchObject({ parked: { until, reason: "budget in March" } });
  expect((await queue(organization)).total).toBe(4);
  await bulk(organization, { filter: QUEUE, status: "abandoned" });
  expect((await queue(organization)).total).toBe(0);
  const woken = await bulk(organization, { contact_ids: [parkedId], parked: null });
  expect(woken).toMatchObject({ title: "Woken", changed: 1 });
  expect((await read(organization, parkedId)).parked).toBeNull();
});

test("[RQ2] who is not Open cannot be parked: left alone and told, the others go through", async () => {
  const { organization, ids } = await withQuietContacts(16);
  await change(organization, ids[15] ?? "", { status: "lost" });
  const answer = await bulk(organization, {
    contact_ids: ids.slice(14),
    parked: { until: new Date(Date.now() + DAY_MS).toISOString() },
  });
  expect(answer).toMatchObject({ changed: 1, refused: 1 });
});
