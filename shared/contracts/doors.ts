import type { ClientToServerEvents } from "./realtime.ts";
import type { Right } from "./rights.ts";

// Without schemas, as rights.ts.

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** `open`: everybody. `person`: who is signed in, member of an organization or not. Else a right. */
export type Access = "open" | "person" | Right;

/**
 * Every endpoint below /api/v1 and what it takes to call it. The server asks this table before anything else: what is
 * not in it does not exist.
 */
export const ENDPOINTS = {
  "GET /openapi.json": "open",

  "GET /sign-up": "open",
  "POST /sign-up": "open",
  "POST /sign-up/link": "open",
  "POST /password-reset/link": "open",
  "POST /password-reset": "open",
  "POST /invitations/read": "open",
  "POST /invitations/accept": "open",

  "GET /account": "person",
  "PATCH /account": "person",
  "POST /account/password": "person",
  "GET /account/sessions": "person",
  "DELETE /account/sessions": "person",
  "DELETE /account/sessions/:sessionId": "person",
  "POST /organizations": "person",
  "POST /organizations/:organizationId/open": "person",

  "GET /me": "session:read",
  "GET /members": "organization:read",
  "PATCH /members/:userId": "members:manage",
  "DELETE /members/:userId": "members:manage",
  "POST /members/:userId/reset-link": "members:manage",
  "POST /invitations": "members:manage",
  "DELETE /invitations/:invitationId": "members:manage",
  "POST /organization/owner": "ownership:transfer",
  "POST /organization/leave": "organization:leave",
  "DELETE /organization": "organization:delete",
  "GET /directory": "organization:read",

  "PATCH /contact/contact-status": "contacts:write",
  "POST /contact/default-reply": "contacts:write",
  "POST /contact/update-tags-external": "contacts:write",
  "PATCH /contact/parking": "contacts:write",
  "POST /organization/create-contact": "contacts:write",
  "GET /contacts": "contacts:read",
  "GET /contacts/export": "contacts:read",
  "GET /contacts/:contactId": "contacts:read",
  "DELETE /contacts/:contactId": "contacts:write",
  "POST /contacts/:contactId/restore": "contacts:write",
  "GET /contacts/:contactId/activity": "contacts:read",
  "GET /activity": "contacts:read",
  "GET /follow-ups": "contacts:read",
  "GET /events": "contacts:read",

  "POST /bulk-actions": "contacts:write",
  "GET /bulk-actions": "contacts:read",
  "GET /bulk-actions/:bulkId": "contacts:read",
  "POST /bulk-actions/:bulkId/cancel": "contacts:write",
  "POST /undo": "contacts:write",
  "POST /reversals": "changes:reverse",
  "POST /reversals/preview": "changes:reverse",

  "GET /imports": "contacts:write",
  "POST /imports": "contacts:write",
  "GET /imports/:importId": "contacts:write",
  "POST /imports/:importId/check": "contacts:write",
  "POST /imports/:importId/start": "contacts:write",
  "GET /imports/:importId/problems": "contacts:write",

  "GET /organization/export": "organization:configure",
  "POST /organization/imports": "organization:configure",
  "GET /organization/imports/:fileImportId": "organization:configure",
  "POST /organization/imports/:fileImportId/start": "organization:configure",

  "GET /organization/settings": "organization:read",
  "PATCH /organization/settings": "organization:configure",
  "POST /organization/lost-reasons": "pipeline:configure",
  "PATCH /organization/lost-reasons/:reasonId": "pipeline:configure",
  "DELETE /organization/lost-reasons/:reasonId": "pipeline:configure",

  "GET /tags": "organization:read",
  "POST /tags": "pipeline:configure",
  "PATCH /tags/:tagId": "pipeline:configure",
  "POST /tags/:tagId/merge": "pipeline:configure",
  "DELETE /tags/:tagId": "pipeline:configure",

  "GET /pipelines": "organization:read",
  "POST /pipelines": "pipeline:configure",
  "PATCH /pipelines/:pipelineId": "pipeline:configure",
  "GET /pipelines/:pipelineId/board": "contacts:read",
  "GET /pipelines/:pipelineId/moves": "contacts:read",
  "GET /pipelines/:pipelineId/contacts": "contacts:read",
  "GET /pipelines/:pipelineId/stages/:stageId/contacts": "contacts:read",
  "POST /pipelines/:pipelineId/stages": "pipeline:configure",
  "PATCH /pipelines/:pipelineId/stages/:stageId": "pipeline:configure",
  "DELETE /pipelines/:pipelineId/stages/:stageId": "pipeline:configure",
  "GET /pipelines/:pipelineId/rules": "organization:read",
  "POST /pipelines/:pipelineId/rules": "pipeline:configure",
  "POST /pipelines/:pipelineId/rules/preview": "pipeline:configure",
  "PATCH /pipelines/:pipelineId/rules/:ruleId": "pipeline:configure",
  "DELETE /pipelines/:pipelineId/rules/:ruleId": "pipeline:configure",
  "GET /pipelines/:pipelineId/timed-rules": "organization:read",
  "POST /pipelines/:pipelineId/timed-rules": "pipeline:configure",
  "POST /pipelines/:pipelineId/timed-rules/preview": "pipeline:configure",
  "PATCH /pipelines/:pipelineId/timed-rules/:timedRuleId": "pipeline:configure",
  "DELETE /pipelines/:pipelineId/timed-rules/:timedRuleId": "pipeline:configure",

  "GET /tokens": "tokens:manage",
  "POST /tokens": "tokens:manage",
  "DELETE /tokens/:tokenId": "tokens:manage",

  "GET /webhooks": "webhooks:manage",
  "POST /webhooks": "webhooks:manage",
  "PATCH /webhooks/:webhookId": "webhooks:manage",
  "DELETE /webhooks/:webhookId": "webhooks:manage",
  "POST /webhooks/:webhookId/secret": "webhooks:manage",
  "POST /webhooks/:webhookId/ping": "webhooks:manage",
  "POST /webhooks/:webhookId/replay": "webhooks:manage",
  "GET /webhooks/:webhookId/deliveries": "webhooks:manage",
  "POST /webhooks/:webhookId/deliveries/:deliveryId/redeliver": "webhooks:manage",

  "GET /wins": "contacts:read",
  /** A screen without an account: its own token opens this and nothing else. */
  "GET /wins/screen": "open",
  "GET /wins/tv-links": "organization:configure",
  "POST /wins/tv-links": "organization:configure",
  "DELETE /wins/tv-links/:linkId": "organization:configure",
  "GET /reports": "contacts:read",
  "GET /reports/contacts": "contacts:read",

  "GET /views": "contacts:read",
  "POST /views": "views:write",
  "PATCH /views/:viewId": "views:write",
  "DELETE /views/:viewId": "views:write",
  "PUT /views/:viewId/default": "views:write",
  "DELETE /views/:viewId/default": "views:write",
} as const satisfies Record<`${Method} /${string}`, Access>;

export type Endpoint = keyof typeof ENDPOINTS;

/**
 * Writes that keep their first answer for an `Idempotency-Key` in the same commit as what they change. Every other
 * write claims its key before it begins: server/pipeline/keep-first-answer.ts.
 */
export const ANSWERED_IN_COMMIT: ReadonlySet<Endpoint> = new Set<Endpoint>([
  "PATCH /contact/contact-status",
  "POST /contact/default-reply",
  "POST /contact/update-tags-external",
  "PATCH /contact/parking",
  "POST /organization/create-contact",
  "DELETE /contacts/:contactId",
  "POST /contacts/:contactId/restore",
  "POST /bulk-actions",
  "POST /undo",
  "POST /reversals",
  "POST /imports",
  "POST /organization/imports",
  "PATCH /organization/settings",
  "POST /organization/lost-reasons",
  "PATCH /organization/lost-reasons/:reasonId",
  "DELETE /organization/lost-reasons/:reasonId",
  "POST /tags",
  "PATCH /tags/:tagId",
  "POST /tags/:tagId/merge",
  "DELETE /tags/:tagId",
  "POST /pipelines",
  "PATCH /pipelines/:pipelineId",
  "POST /pipelines/:pipelineId/stages",
  "PATCH /pipelines/:pipelineId/stages/:stageId",
  "DELETE /pipelines/:pipelineId/stages/:stageId",
  "POST /pipelines/:pipelineId/rules",
  "PATCH /pipelines/:pipelineId/rules/:ruleId",
  "DELETE /pipelines/:pipelineId/rules/:ruleId",
  "POST /pipelines/:pipelineId/timed-rules",
  "PATCH /pipelines/:pipelineId/timed-rules/:timedRuleId",
  "DELETE /pipelines/:pipelineId/timed-rules/:timedRuleId",
]);

/** Every message of a client on its socket, and the right it needs. */
export const MESSAGES = {
  "pipeline:join": "contacts:read",
  "pipeline:leave": "contacts:read",
  "contact:change": "contacts:write",
  "contacts:change": "contacts:write",
  "change:undo": "contacts:write",
  "bulk:cancel": "contacts:write",
  "presence:set": "contacts:read",
} as const satisfies Record<keyof ClientToServerEvents, Right>;

/** What of better-auth is reachable below /api/auth; everything else of it is called by our own endpoints. */
export const AUTH_ENDPOINTS = ["POST /sign-in/email", "POST /sign-out"] as const;
