import { createServer, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { RequestHandler } from "express";
import type { DestinationStream } from "pino";
import { resetLetter } from "./accounts/send-reset-link.ts";
import type { AppContext } from "./app-context.ts";
import { ContactPlaces } from "./contacts/contact-places.ts";
import { RunningBulks } from "./bulk/running-bulks.ts";
import { takeUpBulks } from "./bulk/take-up-bulks.ts";
import { startWaking } from "./follow-ups/wake-parked.ts";
import { Rosters } from "./contacts/rosters.ts";
import { chooseOrganization } from "./organizations/choose-organization.ts";
import { RecentSettings } from "./organizations/recent-settings.ts";
import { CommitQueues } from "./pipeline/commit-queue.ts";
import { createDefaultPipeline } from "./pipeline/create-default-pipeline.ts";
import { watchTimedRules } from "./pipeline/run-timed-rules.ts";
import { startHeartbeat } from "./pipeline/pipeline.socket.ts";
import { createAuth } from "./platform/auth.ts";
import type { Env } from "./platform/env.ts";
import { sendClientsAway } from "./platform/leave.ts";
import { createLimits } from "./platform/limits.ts";
import { createLive } from "./platform/live.ts";
import { healthRoutes } from "./platform/health.ts";
import { createMetrics } from "./platform/metrics.ts";
import { createLogger } from "./platform/logger.ts";
import { createMail } from "./platform/mail.ts";
import { createOutbox } from "./platform/outgoing.ts";
import { connectNodes } from "./platform/redis.ts";
import { createLiveServer, tvScreens, type LiveServer } from "./platform/sockets.ts";
import { openSockets } from "./open-sockets.ts";
import { createWeb } from "./web.ts";
import { WebhookRunner } from "./webhooks/webhook-runner.ts";
import { ReportBooks } from "./reports/report-books.ts";
import { watchDeleted } from "./organizations/sweep-deleted.ts";
import { openTvScreens } from "./wins/wins.socket.ts";

const MAX_HEADER_BYTES = 16_384;
const GOODBYE_MS = 2_000;
const TIMED_RULES_EVERY_MS = 60_000;

export type Application = {
  context: AppContext;
  url: string;
  /** What is really connected and listened to. */
  io: LiveServer;
  /** Stops taking changes, finishes those it took, then closes every connection. */
  stop(): Promise<void>;
};

export type ApplicationOptions = {
  env: Env;
  authSecret: string;
  /** Serves the pages; left out where only the API is needed. */
  pages?: RequestHandler;
  heartbeatMs?: number;
  timedRulesEveryMs?: number;
  /** What time it is; tests have a clock of their own. */
  now?: () => Date;
  wakeMs?: number;
  webhooksEveryMs?: number;
  /** How long a receiver may take to answer. */
  webhookAnswerMs?: number;
  /** How soon a bulk action is taken up that nobody works on. */
  bulksEveryMs?: number;
  /** Where log lines go; stderr by default. */
  logTo?: DestinationStream;
};

/**
 * On one machine people type either of its names, and may open one of several processes directly instead of what
 * stands in front of them. An address on the internet is one address.
 */
function originsOf(publicUrl: string, ownPort: number): [string, ...string[]] {
  const { hostname, port } = new URL(publicUrl);
  if (hostname !== "localhost") return [publicUrl];
  const own = [port, String(ownPort)].flatMap((each) =>
    [hostname, "127.0.0.1"].map((host) => new URL(`http://${host}:${each}`).origin),
  );
  return [publicUrl, ...own];
}

function listen(http: HttpServer, { port, host }: Env): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => {
      http.off("error", reject);
      const address = http.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

/** Listens, and builds the whole application on that port: REST, live protocol and pages. */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { env, authSecret, pages, heartbeatMs } = options;
  const logger = createLogger(env.logLevel, options.logTo);
  // Before anybody can connect: from listening on, everything below is in place within the same turn.
  const nodes = env.redisUrl ? await connectNodes(env.redisUrl, logger) : undefined;
  const http = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
  const connections = new Set<Socket>();
  http.on("connection", (connection) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  const port = await listen(http, env);
  const publicUrl = env.publicUrl ?? `http://localhost:${port}`;
  const origins = originsOf(publicUrl, port);
  const io = createLiveServer(http, origins);
  const live = createLive(io, tvScreens(io));
  const now = options.now ?? (() => new Date());
  const recentSettings = new RecentSettings();
  const metrics = createMetrics();
  let isStopping = false;
  const limits = createLimits(env.quotas, nodes);
  const mail = createMail(env.smtp, logger);
  const webhooks = new WebhookRunner();
  const app: AppContext = {
    env: { ...env, publicUrl, authSecret, origins },
    limits,
    mail,
    outbox: createOutbox({
      mayReachInner: env.webhooksMayReachInner,
      answerWithinMs: options.webhookAnswerMs,
    }),
    webhooks,
    logger,
    live,
    now,
    commits: new CommitQueues(
      (pipeline, events) => {
        live.publishEvents(pipeline.id, pipeline.organizationId, events);
        webhooks.hint();
      },
      recentSettings,
      metrics,
    ),
    metrics,
    recentSettings,
    rosters: new Rosters(),
    bulks: new RunningBulks(),
    places: new ContactPlaces(),
    reportBooks: new ReportBooks(logger),
    auth: createAuth(
      { secret: authSecret, origins },
      {
        onOrganizationCreated: async (organizationId) => {
          await createDefaultPipeline(organizationId, now());
        },
        chooseOrganization: (userId) => chooseOrganization(app.auth, userId),
        onSessionEnded: (sessionId) =>
          live.revokeSession(sessionId, { cause: "signed_out", reason: "You have signed out." }),
        onSignInTried: (email, address) => limits.wait("signIn", `${email} ${address}`),
        onSignedIn: (email, address) => limits.forget("signIn", `${email} ${address}`),
        onPasswordResetWanted: (person, token) => mail.send(resetLetter(publicUrl, person, token)),
      },
    ),
  };
  nodes?.join(io);
  const presence = openSockets(app, io, nodes);
  metrics.watch({
    connections: () => io.engine.clientsCount,
    rooms: () => io.sockets.adapter.rooms.size,
    queued: () => app.commits.depth,
    apart: () => Number(nodes?.isApart() === true),
  });
  const health = healthRoutes({ metrics, metricsToken: env.metricsToken, isStopping: () => isStopping });
  openTvScreens(app, tvScreens(io));
  http.on("request", createWeb(app, health, pages));
  const stopWaking = startWaking(app, options.wakeMs);
  const heartbeat = startHeartbeat(app, {
    intervalMs: heartbeatMs,
    isApart: () => nodes?.isApart() === true,
  });
  nodes?.onChange(() => heartbeat.beat());
  const stopTimedRules = watchTimedRules(app, options.timedRulesEveryMs ?? TIMED_RULES_EVERY_MS);
  const stopTakingUp = takeUpBulks(app, options.bulksEveryMs);
  const stopSweeping = watchDeleted(app);
  webhooks.start(app, options.webhooksEveryMs);

  return {
    context: app,
    url: publicUrl,
    io,
    async stop() {
      isStopping = true;
      stopTakingUp();
      // Who can go elsewhere is sent there while everything still works here.
      const gone = nodes && sendClientsAway(io);
      await Promise.all([
        stopTimedRules(),
        webhooks.stop(),
        app.bulks.stop(),
        stopWaking(),
        stopSweeping(),
        app.reportBooks.stop(),
      ]);
      await gone;
      app.outbox.close();
      heartbeat.stop();
      await app.commits.stop();
      // Answers to what was committed last are on their way out.
      await nextTurn();
      presence.stop();
      // Whoever does not answer the goodbye is cut off: a frozen client must not hold up a stopping server.
      await Promise.race([io.close(), delay(GOODBYE_MS)]);
      for (const connection of connections) connection.destroy();
      await nodes?.leave();
    },
  };
}
