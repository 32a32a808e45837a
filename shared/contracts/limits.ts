// Apart from the schemas, so that a page can know a limit without loading a validator.

export const FIRST_PAGE_SIZE = 40;
export const MAX_PAGE_SIZE = 200;
/** More missed events than this are answered with a fresh snapshot instead. */
export const MAX_CATCH_UP = 1_000;
export const HEARTBEAT_MS = 5_000;

/** Values inside one filter. */
export const MAX_FILTER_VALUES = 50;
export const MAX_SEARCH_LENGTH = 100;
export const MAX_QUIET_DAYS = 3_650;
/** Days that a custom range may name. */
export const FIRST_DAY = "1970-01-01";
export const LAST_DAY = "2199-12-31";
/** Contacts that a bulk action may name one by one; a filter may match more. */
export const MAX_BULK_IDS = 2_000;
/** Contacts of one bulk action. */
export const MAX_BULK = 100_000;
/** Up to so many contacts are changed by one commit: one batch, one message. More run in parts, with progress. */
export const BULK_AT_ONCE = 1_000;
/** How long people take their own changes back. Later an owner or admin reverses them. */
export const UNDO_MINUTES = 15;
/** Tags of one contact. */
export const MAX_TAGS = 50;
/** Saved views of one member. */
export const MAX_VIEWS = 100;
export const MAX_VIEW_NAME_LENGTH = 60;
/** Contacts behind a number that are listed. */
export const MAX_REPORT_CONTACTS = 5_000;
/** Wins on a wins screen. */
export const WINS_SHOWN = 40;
/** Stages of one pipeline, pipelines, tags and lost reasons of one organization. */
export const MAX_STAGES = 30;
export const MAX_PIPELINES = 20;
export const MAX_ORGANIZATION_TAGS = 500;
export const MAX_LOST_REASONS = 30;
/** What the file of an organization may hold, and how long the lines before its events may be together. */
export const MAX_FILE_MEMBERS = 2_000;
export const MAX_FILE_VIEWS = 5_000;
export const MAX_FILE_CONTACTS = 200_000;
export const MAX_FILE_HEAD_LENGTH = 4 * 1024 * 1024;
/** Days without activity that a time-based rule may wait for. */
export const MAX_TIMED_DAYS = 365;
/** How far back the preview of a rule looks. */
export const PREVIEW_DAYS = 7;

export const MIN_PASSWORD_LENGTH = 10;
export const MAX_PASSWORD_LENGTH = 128;
/** How long an invitation can be accepted. */
export const INVITATION_DAYS = 7;
/** API tokens and webhooks of one organization. */
export const MAX_TOKENS = 50;
export const MAX_TOKEN_NAME_LENGTH = 40;
export const MAX_WEBHOOKS = 20;
export const MAX_WEBHOOK_URL_LENGTH = 2_000;
/** Deliveries of a webhook that are remembered. */
export const DELIVERIES_KEPT = 200;
