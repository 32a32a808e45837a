import { TagModel } from "@dmtracker/server/tags/tag.model.ts";
import type { TagsAnswer } from "@dmtracker/shared/contracts/rest.ts";
import { expect, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();

async function withContact() {
  const organization = await server.anOrganization();
  const { body } = await call<TagsAnswer>(server.url, "POST", "/organization/create-contact", {
    token: organization.token,
    body: { username: "@Kim.Fit", manychat_id: 4711, tags: ["VIP", "Summer"] },
  });
  const update = (changes: object, headers: Record<string, string> = {}) =>
    call<TagsAnswer>(server.url, "POST", "/contact/update-tags-external", {
      token: organization.token,
      body: changes,
      headers,
    });
  return { organization, contactId: body.data.contact_id, update };
}

test("[UT1] tags are added, removed and set by name, whatever its case, and open boards see it", async () => {
  const { organization, contactId, update } = await withContact();
  const { owner, pipeline } = organization;
  const ana = await new BoardClient(server.url, owner.cookie, pipeline.id).open();
  const { status, body } = await update({ contact_id: contactId, add: ["vip"], remove: ["summer"] });
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ contact_id: contactId, changed: ["tags"], tags: ["VIP"] });
  await eventually(() => expect(ana.contacts.get(contactId)?.tagIds).toHaveLength(1));
  ana.close();
  const set = await update({ manychat_id: "4711", set: ["Summer"] });
  expect(set.body.data.tags).toEqual(["Summer"]);
  const cleared = await update({ username: " @kim.fit ", set: [] });
  expect(cleared.body.data).toMatchObject({ tags: [], changed: ["tags"] });
  const again = await update({ username: "kim.fit", set: [] });
  expect(again.body.data.changed).toEqual([]);
});

test("[UT2] an unknown name is refused by its place in the body, and made only with create_missing", async () => {
  const { organization, contactId, update } = await withContact();
  const refused = await update({ contact_id: contactId, add: ["VIP", "Brand new"], remove: ["Never was"] });
  expect(refused.status).toBe(404);
  expect(refused.body).toMatchObject({ code: "not_found", issues: [{ path: "add.1" }] });
  expect(await TagModel.countDocuments({ organizationId: organization.id })).toBe(2);
  const made = await update({ contact_id: contactId, add: ["Brand new"], create_missing: true });
  expect(made.body.data.tags).toEqual(["Brand new", "Summer", "VIP"]);
});

test("[UT3] a name to be removed that is no tag is no mistake", async () => {
  const { contactId, update } = await withContact();
  const { status, body } = await update({ contact_id: contactId, remove: ["Never was"] });
  expect([status, body.data.changed]).toEqual([200, []]);
});

test("[UT1] [CC4] a body names one contact and at least one change; a key gives the first answer again", async () => {
  const { contactId, update } = await withContact();
  expect((await update({ contact_id: contactId })).status).toBe(400);
  expect((await update({ add: ["VIP"] })).status).toBe(400);
  expect((await update({ contact_id: contactId, username: "kim.fit", add: ["VIP"] })).status).toBe(400);
  expect((await update({ username: "nobody", add: ["VIP"] })).status).toBe(404);
  const key = { "idempotency-key": "tags-1" };
  const first = await update({ contact_id: contactId, remove: ["VIP"] }, key);
  await update({ contact_id: contactId, add: ["VIP"] });
  const repeated = await update({ contact_id: contactId, remove: ["VIP"] }, key);
  expect(repeated.body.data).toEqual(first.body.data);
  const other = await update({ contact_id: contactId, add: ["VIP"] }, key);
  expect([other.status, other.body.code]).toEqual([409, "key_reused"]);
});
