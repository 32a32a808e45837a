import {
  ActivityPageQuery,
  ActivityQuery,
  ActivityStreamPage,
} from "@dmtracker/shared/contracts/activity.ts";
import { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import { Contact } from "@dmtracker/shared/contracts/contact.ts";
import { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { FollowUpsPage, FollowUpsQuery } from "@dmtracker/shared/contracts/follow-ups.ts";
import { Member, Tag } from "@dmtracker/shared/contracts/people.ts";
import { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import { Id } from "@dmtracker/shared/contracts/primitives.ts";
import { ContactListQuery, EventsQuery } from "@dmtracker/shared/contracts/queries.ts";
import { ParkingBody } from "@dmtracker/shared/contracts/rest-parking.ts";
import {
  ContactStatusAnswer,
  CreateContactBody,
  DefaultReplyAnswer,
  DefaultReplyBody,
  PatchContactStatus,
  TagsAnswer,
  UpdateTagsBody,
} from "@dmtracker/shared/contracts/rest.ts";
import { z } from "zod";
import { EXAMPLE_IDS, type Descriptions } from "./description.ts";

/** What integrations call, and what is read of contacts and their history. */
export const CONTACT_ENDPOINTS: Descriptions = {
  "PATCH /contact/contact-status": {
    chapter: "Integrations",
    summary: "Set lead status and stage",
    text: "Names the contact by `contact_id` or `manychat_id`, and at least one change. Automation rules act in the same commit, but never over a field that is named here. What has the value already is no change: `changed` is then empty.",
    body: PatchContactStatus,
    data: ContactStatusAnswer,
    example: { body: { manychat_id: "4711", status: "won", stage: "Closed", value: 1200 } },
  },
  "POST /contact/default-reply": {
    chapter: "Integrations",
    summary: "Somebody has written (ManyChat's Default Reply)",
    text: "A known contact gets the message and is due now, an unknown one is created. Empty text, or a variable that was not filled in such as `{{last_input_text}}`, is outreach: skipped with 200 and `skipped: true`.",
    body: DefaultReplyBody,
    data: DefaultReplyAnswer,
    statuses: [200, 201],
    example: { body: { manychat_id: "4711", username: "kim.fit", message_content: "How much is it?" } },
  },
  "POST /contact/update-tags-external": {
    chapter: "Integrations",
    summary: "Change tags by name",
    text: "`set` replaces all tags, then `remove` and `add` act on what is left. Unknown names become tags only with `create_missing`.",
    body: UpdateTagsBody,
    data: TagsAnswer,
    example: { body: { username: "@kim.fit", add: ["Warm lead"], remove: ["Cold"], create_missing: true } },
  },
  "PATCH /contact/parking": {
    chapter: "Integrations",
    summary: "Park or wake a contact",
    text: "`parked: { until, reason }` leaves an Open contact alone until that moment, `null` wakes it now. A reply, Won, Lost or Abandoned wakes it as well.",
    body: ParkingBody,
    data: ContactStatusAnswer,
    example: { body: { username: "@kim.fit", parked: null } },
  },
  "POST /organization/create-contact": {
    chapter: "Integrations",
    summary: "Create or update a contact",
    text: "By `manychat_id`, else by `username`: never a duplicate. 201 when it is new, 200 when it was known.",
    body: CreateContactBody,
    data: ContactStatusAnswer,
    statuses: [200, 201],
    example: {
      body: {
        username: "@lena.moves",
        manychat_id: 4712,
        display_name: "Lena",
        tags: ["Summer"],
        stage: "Interested",
      },
    },
  },
  "GET /contacts": {
    chapter: "Contacts",
    summary: "Contacts that match a filter",
    text: "In pages: pass `next` as `cursor`. `total`, `total_value` and `by_stage` are of all that match, as of `seq`.",
    query: ContactListQuery,
    filtered: true,
    data: ContactListPage,
    example: { query: { status: "open", sort: "created", limit: "2" } },
  },
  "GET /contacts/:contactId": {
    chapter: "Contacts",
    summary: "One contact",
    text: "With its pipeline, and the members and tags that it may name. Of a removed contact `removed` says since when and by whom.",
    data: z.object({
      contact: Contact,
      pipeline: Pipeline.optional(),
      members: z.array(Member),
      tags: z.array(Tag),
    }),
  },
  "DELETE /contacts/:contactId": {
    chapter: "Contacts",
    summary: "Remove a contact",
    text: "It leaves every board, list, count and report; its history stays and it can be restored. Whoever comes again under the same handle or ManyChat id is a new contact.",
    data: ContactStatusAnswer,
  },
  "POST /contacts/:contactId/restore": {
    chapter: "Contacts",
    summary: "Restore a removed contact",
    text: "As it was, on top of its stage; of the first stage when its own was deleted. 409 when another contact has its handle or ManyChat id by now.",
    data: ContactStatusAnswer,
  },
  "GET /contacts/:contactId/activity": {
    chapter: "Contacts",
    summary: "History of a contact",
    query: ActivityPageQuery,
    data: ActivityStreamPage,
    example: { query: { kind: "outcome,messages", limit: "10" } },
  },
  "GET /follow-ups": {
    chapter: "Contacts",
    summary: "What is due",
    query: FollowUpsQuery,
    filtered: true,
    data: FollowUpsPage,
    example: { query: { group: "today", status: "open" } },
  },
  "GET /activity": {
    chapter: "Log",
    summary: "History of a pipeline, newest first",
    text: "With the filters of contacts. A page of a narrow filter may be short and go on: `next` says so.",
    query: ActivityQuery,
    filtered: true,
    data: ActivityStreamPage,
    example: { query: { actor: "api", limit: "5" } },
  },
  "GET /events": {
    chapter: "Log",
    summary: "The event log",
    text: "The same events that sockets and webhooks carry, by number. Go on with the last `seq` as `after`.",
    query: EventsQuery,
    data: z.object({ pipelineId: Id, events: z.array(PipelineEvent) }),
    example: { query: { pipeline_id: EXAMPLE_IDS.pipelineId, after: "0", limit: "10" } },
  },
};
