import { createHash } from "node:crypto";
import { ActivityPageQuery, ContactIdParam, ContactListQuery } from "@dmtracker/shared/contracts/queries.ts";
import {
  CreateContactBody,
  DefaultReplyBody,
  PatchContactStatus,
  type ContactStatusAnswer,
  type DefaultReplyAnswer,
} from "@dmtracker/shared/contracts/rest.ts";
import { Router, type Request } from "express";
import { findActivity } from "#server/activity/event.store.ts";
import type { AppContext } from "#server/app-context.ts";
import { requireCaller, type Caller } from "#server/organizations/caller.ts";
import { requireOwnOrganization } from "#server/organizations/require-own-organization.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { resolvePipelineId, resolveStage } from "#server/pipeline/resolve-stage.ts";
import type { Mutation } from "#server/pipeline/mutation.store.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { changeContact, type ChangeAnswer } from "./change-contact.ts";
import { findContact } from "./contact.store.ts";
import { createContact } from "./create-contact.ts";
import { listContacts } from "./list-contacts.ts";
import { requireFilter } from "./require-filter.ts";
import { receiveReply } from "./receive-reply.ts";

const MAX_KEY_LENGTH = 255;

/** `Idempotency-Key`: the same key and body of the same caller get the same answer. */
function mutationOf(request: Request, caller: Caller): Mutation | undefined {
  const key = request.get("idempotency-key");
  if (key === undefined) return undefined;
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw invalidField("Idempotency-Key", `must have 1 to ${MAX_KEY_LENGTH} characters`);
  }
  const call = JSON.stringify([request.method, request.path, request.body]);
  return {
    id: `${caller.actor.type}:${caller.actor.id ?? ""}:${key}`,
    fingerprint: createHash("sha256").update(call).digest("hex"),
  };
}

/** `If-Match: <version>`: refuse to overwrite a newer contact. */
function versionOf(request: Request): number | undefined {
  const header = request.get("if-match");
  if (header === undefined) return undefined;
  const [, digits] = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header) ?? [];
  if (digits === undefined) throw invalidField("If-Match", "must be a contact's version, a whole number");
  return Number(digits);
}

/** Our words to those of the public API. */
function toStatusAnswer(done: ChangeAnswer): ContactStatusAnswer {
  return {
    contact_id: done.contactId,
    manychat_id: done.manychatId,
    username: done.username,
    lead_status: done.leadStatus,
    stage: { id: done.stageId, name: done.stageName },
    changed: done.changed.map((name) => (name === "lostReason" ? "lost_reason" : name)),
    automations: done.automations.map(({ ruleId, description, changed }) => ({
      rule_id: ruleId,
      rule: description,
      changed,
    })),
    seq: done.seq,
  };
}

const describeOutcome = ({ changed }: ChangeAnswer): string =>
  changed.length === 0 ? "Nothing to change: everything already has these values" : "Contact updated";

export function contactsRoutes(app: AppContext): Router {
  const router = Router();

  router.patch("/contact/contact-status", async (request, response) => {
    const caller = await requireCaller(app, request.headers);
    const body = PatchContactStatus.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const name = body.contact_id ? { id: body.contact_id } : { manychatId: body.manychat_id ?? "" };
    const contact = await findContact(organizationId, name);
    if (!contact) throw new AppError("not_found", "No such contact");
    const seenVersion = versionOf(request);
    const done = await changeContact(app, {
      organizationId,
      contactId: contact.id,
      pipelineId: contact.pipelineId,
      actor,
      change: {
        status: body.status,
        stageId: await resolveStage(organizationId, contact.pipelineId, body),
        lostReason: body.lost_reason,
        value: body.value,
      },
      seenVersion,
      strict: seenVersion !== undefined,
      mutation: mutationOf(request, caller),
    });
    answer(response, toStatusAnswer(done), describeOutcome(done));
  });

  router.post("/organization/create-contact", async (request, response) => {
    const caller = await requireCaller(app, request.headers);
    const body = CreateContactBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const pipelineId = await resolvePipelineId(organizationId, body.pipeline_id);
    const text = body.message_content?.trim();
    const done = await createContact(app, {
      organizationId,
      pipelineId,
      actor,
      contact: {
        username: body.username,
        source: actor.type === "api" ? "api" : "user",
        manychatId: body.manychat_id,
        igId: body.ig_id,
        displayName: body.display_name,
        email: body.email,
        phone: body.phone,
        value: body.value,
        tags: body.tags,
        stageId: await resolveStage(organizationId, pipelineId, body),
        status: body.status,
        lostReason: body.lost_reason,
        message: text ? { direction: "in", text, at: app.now().toISOString() } : undefined,
      },
      mutation: mutationOf(request, caller),
    });
    const isNew = done.changed.includes("created");
    answer(
      response,
      toStatusAnswer(done),
      isNew ? "Contact created" : describeOutcome(done),
      isNew ? 201 : 200,
    );
  });

  router.post("/contact/default-reply", async (request, response) => {
    const caller = await requireCaller(app, request.headers);
    const body = DefaultReplyBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    if (body.message_content === null) {
      const skipped: DefaultReplyAnswer = { skipped: true };
      answer(response, skipped, "Skipped: there is no message in it, so this is outreach and no reply");
      return;
    }
    const done = await receiveReply(app, {
      organizationId,
      pipelineId: await resolvePipelineId(organizationId, undefined),
      actor,
      manychatId: body.manychat_id,
      username: body.username,
      igId: body.ig_id ?? body.manychat_data?.ig_id ?? undefined,
      message: {
        direction: "in",
        text: body.message_content,
        at: body.message_date ?? app.now().toISOString(),
      },
      mutation: mutationOf(request, caller),
    });
    const created = done.changed.includes("created");
    const told: DefaultReplyAnswer = { ...toStatusAnswer(done), skipped: false, created };
    answer(
      response,
      told,
      created ? "Contact created, it needs a follow-up" : "Reply logged, follow-up due now",
      created ? 201 : 200,
    );
  });

  router.get("/contacts", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const query = ContactListQuery.parse(request.query);
    const { sort, limit, cursor } = query;
    const filter = requireFilter(request, Object.keys(ContactListQuery.shape));
    const pipelineId = await resolvePipelineId(organizationId, query.pipeline_id);
    // Names read from A; everything else is looked at for what is newest or most.
    const direction = query.direction ?? (sort === "username" ? "asc" : "desc");
    answer(
      response,
      await listContacts(app, { organizationId, pipelineId, filter, sort, direction, limit, cursor }),
    );
  });

  router.get("/contacts/:contactId", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { contactId } = ContactIdParam.parse(request.params);
    const contact = await findContact(organizationId, { id: contactId });
    if (!contact) throw new AppError("not_found", "No such contact");
    const [pipeline, members, tags] = await Promise.all([
      findPipeline(contact.pipelineId, organizationId),
      findMembers(app.auth, organizationId),
      findTags(organizationId),
    ]);
    answer(response, { contact, pipeline, members, tags });
  });

  router.get("/contacts/:contactId/activity", async (request, response) => {
    const { organizationId } = await requireCaller(app, request.headers);
    const { contactId } = ContactIdParam.parse(request.params);
    const query = ActivityPageQuery.parse(request.query);
    if (!(await findContact(organizationId, { id: contactId })))
      throw new AppError("not_found", "No such contact");
    answer(response, await findActivity(contactId, query));
  });

  return router;
}
