import { changeContact } from "@dmtracker/server/contacts/change-contact.ts";
import { createContact } from "@dmtracker/server/contacts/create-contact.ts";
import { catchUp } from "@dmtracker/server/pipeline/catch-up.ts";
import mongoose from "mongoose";
import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../support/server.ts";

const server = await startServer();
const asApi = { type: "api" as const, id: "t", name: "load" };

test("[SP10] [RT4] a whole office that has missed the same is brought up to date by a few readings, each client exactly", async () => {
  const { id: organizationId, pipeline } = await server.anOrganization();
  const { contactId, seq: since } = await createContact(server.context, {
    organizationId,
    pipelineId: pipeline.id,
    actor: asApi,
    contact: { username: "kim", source: "api" },
  });
  for (let value = 1; value <= 20; value += 1) {
    await changeContact(server.context, { organizationId, contactId, actor: asApi, change: { value } });
  }
  let reads = 0;
  mongoose.set("debug", (collection: string, method: string) => {
    if (collection === "events" && method === "find") reads += 1;
  });
  onTestFinished(() => void mongoose.set("debug", false));
  const wholeOffice = await Promise.all(Array.from({ length: 300 }, () => catchUp(pipeline.id, since)));
  const missed = Array.from({ length: 20 }, (_, index) => since + index + 1);
  for (const reply of wholeOffice) {
    expect("events" in reply && reply.events.map((event) => event.seq)).toEqual(missed);
  }
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThan(10);
  const [late, current] = await Promise.all([
    catchUp(pipeline.id, since + 15),
    catchUp(pipeline.id, since + 20),
  ]);
  expect("events" in late && late.events.map((event) => event.seq)).toEqual(missed.slice(15));
  expect(current).toEqual({ seq: since + 20, events: [] });
});
