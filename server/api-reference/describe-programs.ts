import {
  Report,
  ReportContacts,
  ReportContactsQuery,
  ReportQuery,
} from "@dmtracker/shared/contracts/reports.ts";
import { MadeToken, NewToken, TokenList } from "@dmtracker/shared/contracts/tokens.ts";
import { NewView, SavedView, ViewChange, ViewsQuery } from "@dmtracker/shared/contracts/view.ts";
import {
  DeliveryList,
  MadeWebhook,
  NewWebhook,
  ReplayBody,
  Webhook,
  WebhookChange,
  WebhookDelivery,
  WebhookList,
} from "@dmtracker/shared/contracts/webhooks.ts";
import { NewTvLink, TvLink, WinsBoard, WinsQuery } from "@dmtracker/shared/contracts/wins.ts";
import { z } from "zod";
import { CREATED, EXAMPLE_IDS, Nothing, type Descriptions } from "./description.ts";

const View = z.object({ view: SavedView });

/** Views, wins and reports, tokens and webhooks. */
export const PROGRAM_ENDPOINTS: Descriptions = {
  "GET /views": {
    chapter: "Views",
    summary: "Saved views that one sees",
    query: ViewsQuery,
    data: z.object({ views: z.array(SavedView) }),
    example: { query: { place: "board" } },
  },
  "POST /views": {
    chapter: "Views",
    summary: "Save a view",
    body: NewView,
    data: View,
    statuses: CREATED,
    example: {
      body: {
        name: "Warm leads",
        place: "contacts",
        pipelineId: EXAMPLE_IDS.pipelineId,
        filter: { leadStatus: ["open"] },
        shared: true,
      },
    },
  },
  "PATCH /views/:viewId": {
    chapter: "Views",
    summary: "Change a view",
    body: ViewChange,
    data: View,
    example: { body: { name: "Warm ones" } },
  },
  "DELETE /views/:viewId": { chapter: "Views", summary: "Delete a view", data: Nothing },
  "PUT /views/:viewId/default": { chapter: "Views", summary: "Let a view open first", data: View },
  "DELETE /views/:viewId/default": { chapter: "Views", summary: "Let no view open first", data: View },
  "GET /wins": {
    chapter: "Wins and reports",
    summary: "Wins that stand, totals and leaderboard",
    text: "Of one pipeline, or with `pipeline_id=all` of all: then `log` and `seq` together name a win.",
    query: WinsQuery,
    data: WinsBoard,
  },
  "GET /wins/screen": {
    chapter: "Wins and reports",
    summary: "The same for a screen without an account",
    text: "With the header `x-tv-token` instead of a token of the API.",
    data: WinsBoard,
  },
  "GET /wins/tv-links": {
    chapter: "Wins and reports",
    summary: "TV links",
    data: z.object({ links: z.array(TvLink) }),
  },
  "POST /wins/tv-links": {
    chapter: "Wins and reports",
    summary: "Make a TV link",
    text: "The address is answered this once.",
    body: NewTvLink,
    data: z.object({ link: TvLink, url: z.string() }),
    statuses: CREATED,
    example: { body: { name: "Sales floor" } },
  },
  "DELETE /wins/tv-links/:linkId": {
    chapter: "Wins and reports",
    summary: "Revoke a TV link",
    data: Nothing,
  },
  "GET /reports": {
    chapter: "Wins and reports",
    summary: "All figures of a period",
    query: ReportQuery,
    data: Report,
    example: { query: { period: "this_month" } },
  },
  "GET /reports/contacts": {
    chapter: "Wins and reports",
    summary: "The contacts behind a number",
    query: ReportContactsQuery,
    data: ReportContacts,
    example: { query: { figure: "entered", stage: EXAMPLE_IDS.stageId } },
  },
  "GET /tokens": { chapter: "Tokens", summary: "API tokens that work", data: TokenList },
  "POST /tokens": {
    chapter: "Tokens",
    summary: "Make a token",
    text: "Its `secret` is answered this once.",
    body: NewToken,
    data: MadeToken,
    statuses: CREATED,
    example: { body: { name: "ManyChat" } },
  },
  "DELETE /tokens/:tokenId": {
    chapter: "Tokens",
    summary: "Revoke a token",
    text: "It stops at once.",
    data: Nothing,
  },
  "GET /webhooks": { chapter: "Webhooks", summary: "Webhooks and how they are doing", data: WebhookList },
  "POST /webhooks": {
    chapter: "Webhooks",
    summary: "Make a webhook",
    text: "Its `secret` is answered this once. It begins at the head of the log.",
    body: NewWebhook,
    data: MadeWebhook,
    statuses: CREATED,
    example: { body: { url: "https://example.com/hooks/dmtracker", events: ["contact.status_changed"] } },
  },
  "PATCH /webhooks/:webhookId": {
    chapter: "Webhooks",
    summary: "Change, pause or resume a webhook",
    body: WebhookChange,
    data: z.object({ webhook: Webhook }),
    example: { body: { enabled: false } },
  },
  "DELETE /webhooks/:webhookId": { chapter: "Webhooks", summary: "Delete a webhook", data: Nothing },
  "POST /webhooks/:webhookId/secret": {
    chapter: "Webhooks",
    summary: "Make a new secret",
    text: "The old one signs along for a day.",
    data: MadeWebhook,
  },
  "POST /webhooks/:webhookId/ping": {
    chapter: "Webhooks",
    summary: "Send a test ping",
    data: z.object({ delivery: WebhookDelivery }),
  },
  "POST /webhooks/:webhookId/replay": {
    chapter: "Webhooks",
    summary: "Send everything after a number again",
    body: ReplayBody,
    data: z.object({ webhook: Webhook }),
    example: { body: { after: 0 } },
  },
  "GET /webhooks/:webhookId/deliveries": {
    chapter: "Webhooks",
    summary: "The last deliveries, newest first",
    data: DeliveryList,
  },
  "POST /webhooks/:webhookId/deliveries/:deliveryId/redeliver": {
    chapter: "Webhooks",
    summary: "Make one delivery again",
    data: z.object({ delivery: WebhookDelivery }),
  },
};
