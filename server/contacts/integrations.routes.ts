import {
  CreateContactBody,
  DefaultReplyBody,
  PatchContactStatus,
  UpdateTagsBody,
} from "@dmtracker/shared/contracts/rest.ts";
import { ParkingBody } from "@dmtracker/shared/contracts/rest-parking.ts";
import { Router } from "express";
import type { AppContext } from "#server/app-context.ts";
import { callerOf } from "#server/organizations/guard.ts";
import { requireOwnOrganization } from "#server/organizations/require-own-organization.ts";
import { findFirstAnswer } from "#server/pipeline/first-answer.ts";
import { mutationOf } from "#server/pipeline/request-mutation.ts";
import { resolvePipelineId, resolveStage } from "#server/pipeline/resolve-stage.ts";
import { inApiWords } from "./api-words.ts";
import { changeContact, type ChangeAnswer } from "./change-contact.ts";
import { createContact } from "./create-contact.ts";
import { tellChanged, tellReply, tellSkipped } from "./integration-answers.ts";
import { receiveReply } from "./receive-reply.ts";
import { messageMoment } from "./message-moment.ts";
import { requirePlace, versionOf } from "./require-place.ts";
import { nameTags, updateTags } from "./update-tags.ts";

/** What ManyChat, n8n, Zapier and own scripts call to change contacts. */
export function integrationsRoutes(app: AppContext): Router {
  const router = Router();

  router.patch("/contact/contact-status", async (request, response) => {
    const exchange = { app, request, response };
    const caller = callerOf(response);
    const body = PatchContactStatus.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["contact-status", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    if (first) return tellChanged(exchange, first);
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
    await tellChanged(exchange, await inApiWords(change));
  });

  router.post("/contact/update-tags-external", async (request, response) => {
    const exchange = { app, request, response };
    const caller = callerOf(response);
    const body = UpdateTagsBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["update-tags", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    const done =
      first ??
      (await inApiWords(
        updateTags(app, {
          ...(await requirePlace(app, organizationId, body)),
          organizationId,
          actor,
          names: body,
          seenVersion: versionOf(request),
          mutation,
        }),
      ));
    await tellChanged(exchange, done, { tags: await nameTags(organizationId, done.tagIds) });
  });

  router.patch("/contact/parking", async (request, response) => {
    const caller = callerOf(response);
    const body = ParkingBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["parking", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    const seenVersion = versionOf(request);
    const done =
      first ??
      (await inApiWords(
        changeContact(app, {
          ...(await requirePlace(app, organizationId, body)),
          organizationId,
          actor,
          change: { parked: body.parked },
          seenVersion,
          strict: seenVersion !== undefined,
          mutation,
        }),
      ));
    await tellChanged({ app, request, response }, done);
  });

  router.post("/organization/create-contact", async (request, response) => {
    const exchange = { app, request, response };
    const caller = callerOf(response);
    const body = CreateContactBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    const mutation = mutationOf(request, caller, ["create-contact", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    if (first) return tellChanged(exchange, first);
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
        assigneeId: body.assignee_id,
        tags: body.tags,
        stageId: await resolveStage(organizationId, pipelineId, body),
        status: body.status,
        lostReason: body.lost_reason,
        message: text ? { direction: "in", text, at: app.now().toISOString() } : undefined,
      },
      seenVersion: versionOf(request),
      mutation,
    });
    await tellChanged(exchange, await inApiWords(creation));
  });

  router.post("/contact/default-reply", async (request, response) => {
    const exchange = { app, request, response };
    const caller = callerOf(response);
    const body = DefaultReplyBody.parse(request.body ?? {});
    await requireOwnOrganization(app, caller, body);
    const { organizationId, actor } = caller;
    if (body.message_content === null) return tellSkipped(exchange);
    const mutation = mutationOf(request, caller, ["default-reply", body]);
    const first = await findFirstAnswer<ChangeAnswer>(organizationId, mutation);
    if (first) return tellReply(exchange, first);
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
        at: messageMoment(body.message_date, app.now()),
      },
      mutation,
    });
    await tellReply(exchange, await inApiWords(reply));
  });

  return router;
}
