import type { Logger } from "pino";
import type { ContactPlaces } from "./contacts/contact-places.ts";
import type { RunningBulks } from "./bulk/running-bulks.ts";
import type { Rosters } from "./contacts/rosters.ts";
import type { RecentSettings } from "./organizations/recent-settings.ts";
import type { CommitQueues } from "./pipeline/commit-queue.ts";
import type { Auth } from "./platform/auth.ts";
import type { Env } from "./platform/env.ts";
import type { Limits } from "./platform/limits.ts";
import type { Live } from "./platform/live.ts";
import type { Metrics } from "./platform/metrics.ts";
import type { ReportBooks } from "./reports/report-books.ts";
import type { Outbox } from "./platform/outgoing.ts";
import type { WebhookRunner } from "./webhooks/webhook-runner.ts";
import type { Mail } from "./platform/mail.ts";

/** What use cases and doors may reach. */
export type AppContext = {
  env: Env & { publicUrl: string; authSecret: string; origins: readonly string[] };
  logger: Logger;
  auth: Auth;
  commits: CommitQueues;
  rosters: Rosters;
  bulks: RunningBulks;
  places: ContactPlaces;
  recentSettings: RecentSettings;
  reportBooks: ReportBooks;
  live: Live;
  metrics: Metrics;
  limits: Limits;
  mail: Mail;
  outbox: Outbox;
  webhooks: WebhookRunner;
  now(): Date;
};
