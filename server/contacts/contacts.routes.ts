import { ContactIdParam, ContactListQuery } from "@dmtracker/shared/contracts/queries.ts";
import {
  CreateContactBody,
  DefaultReplyBody,
  PatchContactStatus,
  type ContactStatusAnswer,
  type DefaultReplyAnswer,
} from "@dmtracker/shared/contracts/rest.ts";
import { Router, type Request, type Response } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { requireOwnOrganization } from "#server/organizations/require-own-organization.ts";
import { findMembers } from "#server/organizations/member.store.ts";
import { resolvePipelineId, resolveStage } from "#server/pipeline/resolve-stage.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { findPipeline } from "#server/pipeline/pipeline.store.ts";
import { AppError, invalidField } from "#server/platform/app-error.ts";
import { answer } from "#server/platform/http.ts";
import { findTags } from "#server/tags/tag.store.ts";
import { inApiWords, toApiWord } from "./api-words.ts";
import { changeContact, type ChangeAnswer } from "./change-contact.ts";
import { findContact } from "./contact.store.ts";
import { createContact } from "./create-contact.ts";
import { listContacts } from "./list-contacts.ts";
import { requireFilter } from "./require-filter.ts";
import { receiveReply } from "./receive-reply.ts";

/** `If-Match: <version>`: refuse to overwrite a newer contact. */
function versionOf(request: Request): number | undefined {
  const header = request.get("if-match");
  if (header === undefined) return undefined;
  const [, digits] = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header) ?? [];
  if (digits === undefined) throw invalidField("If-Match", "must be a contact's version, a whole number");
  return Number(digits);
}

/** The contact that a body names, and where it lives. @throws AppError not_found */
async function requirePlace(
  app: AppContext,
  organizationId: string,
  { contact_id: contactId, manychat_id: manychatId }: PatchContactStatus,
): Promise<{ contactId: string; pipelineId: string }> {
  if (contactId !== undefined) {
    const pipelineId = await app.places.find(organizationId, contactId);
    if (pipelineId !== undefined) return { contactId, pipelineId };
  } else if (manychatId !== undefined) {
    const contact = await findContact(organizationId, { manychatId });
    if (contact) return { contactId: contact.id, pipelineId: contact.pipelineId };
  }
  throw new AppError("not_found", "No such contact");
}

/** Our words to those of the public API. */
function toStatusAnswer(done: ChangeAnswer): ContactStatusAnswer {
  return {
    contact_id: done.contactId,
    manychat_id: done.manychatId,
    username: done.username,
    lead_status: done.leadStatus,
    stage: { id: done.stageId, name: done.stageName },
    changed: done.changed.map(toApiWord),
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

function answerCreated(response: Response, done: ChangeAnswer): void {
  const isNew = done.changed.includes("created");
  const message = isNew ? "Contact created" : describeOutcome(done);
  answer(response, toStatusAnswer(done), message, isNew ? 201 : 200);
}

function answerReply(response: Response, done: ChangeAnswer): void {
  const created = done.changed.includes("created");
  const told: DefaultReplyAnswer = { ...toStatusAnswer(done), skipped: false, created };
  const message = created ? "Contact created, it needs a follow-up" : "Reply logged, follow-up due now";
  answer(response, told, message, created ? 201 : 200);
}

export function contactsRoutes(app: AppContext): Router {
  const router = Router();

  router.patch("/contact/contact-status", async (request, response) => {
    const caller = callerOf(response);
    const body = PatchContactStatus.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["contact-status", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    if (first) return answer(response, toStatusAnswer(first), describeOutcome(first));
    const { contactId, pipelineId } = await requirePlace(app, organizationId, body);
    const seenVersion = versionOf(request);
    const change = changeContact(app, {
      organizationId,
      contactId,
      pipelineId,
      actor,
      change: {
        status: body.status,
        stageId: await resolveStage(organizationId, pipelineId, body),
        lostReason: body.lost_reason,
        value: body.value,
      },
      seenVersion,
      strict: seenVersion !== undefined,
      mutation,
    });
    const done = await inApiWords(change);
    answer(response, toStatusAnswer(done), describeOutcome(done));
  });

  router.post("/organization/create-contact", async (request, response) => {
    const caller = callerOf(response);
    const body = CreateContactBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["create-contact", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    if (first) return answerCreated(response, first);
    const pipelineId = await resolvePipelineId(organizationId, body.pipeline_id);
    const text = body.message_content?.trim();
    const creation = createContact(app, {
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
      seenVersion: versionOf(request),
      mutation,
    });
    answerCreated(response, await inApiWords(creation));
  });

  router.post("/contact/default-reply", async (request, response) => {
    const caller = callerOf(response);
    const body = DefaultReplyBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    if (body.message_content === null) {
      const skipped: DefaultReplyAnswer = { skipped: true };
      answer(response, skipped, "Skipped: there is no message in it, so this is outreach and no reply");
      return;
    }
    const mutation = mutationOf(request, caller, ["default-reply", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    if (first) return answerReply(response, first);
    const reply = receiveReply(app, {
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
      mutation,
    });
    answerReply(response, await inApiWords(reply));
  });

  router.get("/contacts", async (request, response) => {
    const { organizationId } = callerOf(response);
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
    const { organizationId } = callerOf(response);
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

  return router;
}
