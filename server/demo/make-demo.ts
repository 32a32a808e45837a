import { randomBytes } from "node:crypto";
import type { Role } from "@dmtracker/shared/contracts/people.ts";
import type { AppContext } from "#server/app-context.ts";
import { changeContact } from "#server/contacts/change-contact.ts";
import { createContact } from "#server/contacts/create-contact.ts";
import { PipelineModel } from "#server/pipeline/pipeline.model.ts";
import { findPipelines } from "#server/pipeline/pipeline.store.ts";
import { createRule } from "#server/pipeline/save-rules.ts";
import { insertToken } from "#server/tokens/token.store.ts";
import { resetDatabase } from "#server/platform/mongo.ts";
import { DemoRecordModel, type DemoRecord } from "./demo-record.model.ts";
import { planHistory, type DemoPerson } from "./plan-history.ts";

const CONTACTS = 300;
const PEOPLE: { name: string; email: string; role: Role }[] = [
  { name: "Ana Ferreira", email: "ana@demo.example", role: "owner" },
  { name: "Marcus Weber", email: "marcus@demo.example", role: "admin" },
  { name: "Jade Okoye", email: "jade@demo.example", role: "member" },
];

export type Demo = { email: string; password: string; token: string };

const RECORD = "demo";

/**
 * Whether the database waits for its demo: it is empty, or a first start was interrupted in the middle of making it.
 * What an interrupted start has left is removed: it was made in an empty database and its password is lost.
 */
export async function isDemoDue(): Promise<boolean> {
  const begun = await DemoRecordModel.findById(RECORD).lean<DemoRecord>();
  if (begun && !begun.finishedAt) {
    await resetDatabase();
    return true;
  }
  return !begun && (await PipelineModel.findOne({}, { _id: 1 }).lean()) === null;
}

async function makePeople(app: AppContext, password: string): Promise<DemoPerson[]> {
  const { internalAdapter, password: passwords } = await app.auth.$context;
  const hash = await passwords.hash(password);
  const made: DemoPerson[] = [];
  for (const { name, email } of PEOPLE) {
    const user = await internalAdapter.createUser(
      { name, email, emailVerified: true },
      { method: "email-password" },
    );
    await internalAdapter.linkAccount({
      userId: user.id,
      accountId: user.id,
      providerId: "credential",
      password: hash,
    });
    made.push({ id: user.id, name });
  }
  return made;
}

/**
 * Makes the demo organization: three people, some 300 contacts and sixty days of work, through the same use cases
 * as everything else, so that its history obeys every rule of the product.
 */
export async function makeDemo(app: AppContext): Promise<Demo> {
  await DemoRecordModel.create({ _id: RECORD, finishedAt: null });
  const password = randomBytes(9).toString("base64url");
  const [owner, ...others] = await makePeople(app, password);
  if (!owner) throw new Error("The demo needs an owner");
  const organization = await app.auth.api.createOrganization({
    body: { name: "Northwind Growth", slug: "northwind-growth", userId: owner.id },
  });
  const organizationId = organization.id;
  for (const [index, person] of others.entries()) {
    const role = PEOPLE[index + 1]?.role ?? "member";
    await app.auth.api.addMember({ body: { userId: person.id, organizationId, role } });
  }
  const [pipeline] = await findPipelines(organizationId);
  if (!pipeline) throw new Error("The demo organization has no pipeline");
  const stageAt = (position: number): string => pipeline.stages[position]?.id ?? "";
  const owns = { pipelineId: pipeline.id, actor: { type: "user" as const, id: owner.id, name: owner.name } };
  const steps = planHistory([owner, ...others], CONTACTS, app.now());
  // Its rules are as old as its history: the log is in the order of its time stamps.
  const begin = { ...app, now: () => steps[0]?.at ?? app.now() };
  await createRule(begin, owns, {
    type: "stage_to_status",
    stageId: stageAt(4),
    status: "won",
    enabled: true,
  });
  await createRule(begin, owns, {
    type: "stage_to_status",
    stageId: stageAt(5),
    status: "lost",
    enabled: true,
  });

  const pending: Promise<unknown>[] = [];
  const ids = new Map<string, string>();
  for (const step of steps) {
    const actor = { type: "user" as const, id: step.by.id, name: step.by.name };
    if (step.type === "create") {
      // A new contact is committed before anything else is queued: history stays in the order of its time stamps.
      await Promise.all(pending.splice(0));
      const contact = { ...step.contact, source: "demo" as const };
      const made = await createContact(app, {
        organizationId,
        pipelineId: pipeline.id,
        actor,
        contact,
        at: step.at,
      });
      ids.set(step.username, made.contactId);
      continue;
    }
    const contactId = ids.get(step.username);
    if (!contactId) throw new Error(`The demo has lost ${step.username}`);
    const change = { ...step.change, ...(step.stage === undefined ? {} : { stageId: stageAt(step.stage) }) };
    pending.push(
      changeContact(app, { organizationId, contactId, pipelineId: pipeline.id, actor, change, at: step.at }),
    );
  }
  await Promise.all(pending);
  const { secret } = await insertToken(organizationId, "Demo script", app.now());
  await DemoRecordModel.updateOne({ _id: RECORD }, { finishedAt: app.now() });
  return { email: PEOPLE[0]?.email ?? "", password, token: secret };
}
