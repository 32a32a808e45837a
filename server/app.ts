import { createServer, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { constants } from "node:zlib";
import compression from "compression";
import express, { type RequestHandler } from "express";
import helmet from "helmet";
import type { DestinationStream } from "pino";
import { authDoors } from "./accounts/auth-doors.ts";
import { accountsRoutes } from "./accounts/accounts.routes.ts";
import { resetLetter } from "./accounts/send-reset-link.ts";
import type { AppContext } from "./app-context.ts";
import { ContactPlaces } from "./contacts/contact-places.ts";
import { apiReferenceRoutes } from "./api-reference/api-reference.routes.ts";
import { activityRoutes } from "./activity/activity.routes.ts";
import { bulkRoutes } from "./bulk/bulk.routes.ts";
import { bulkMessages } from "./bulk/bulk.socket.ts";
import { RunningBulks } from "./bulk/running-bulks.ts";
import { takeUpBulks } from "./bulk/take-up-bulks.ts";
import { contactsRoutes } from "./contacts/contacts.routes.ts";
import { removalRoutes } from "./contacts/removal.routes.ts";
import { integrationsRoutes } from "./contacts/integrations.routes.ts";
import { contactMessages } from "./contacts/contacts.socket.ts";
import { exportRoutes } from "./export/export.routes.ts";
import { importUploadRoutes } from "./import/import-upload.routes.ts";
import { importsRoutes } from "./import/imports.routes.ts";
import { fileUploadRoutes } from "./organization-file/file-upload.routes.ts";
import { organizationFileRoutes } from "./organization-file/organization-file.routes.ts";
import { startWaking } from "./follow-ups/wake-parked.ts";
import { followUpsRoutes } from "./follow-ups/follow-ups.routes.ts";
import { Rosters } from "./contacts/rosters.ts";
import { findPerson, requireMember } from "./organizations/caller.ts";
import { chooseOrganization } from "./organizations/choose-organization.ts";
import { guard } from "./organizations/guard.ts";
import { hearMessages } from "./organizations/hear-messages.ts";
import { notePresence, noteWatching } from "./organizations/note-presence.ts";
import { membersRoutes } from "./organizations/members.routes.ts";
import { RecentSettings } from "./organizations/recent-settings.ts";
import { SessionWatch } from "./organizations/session-watch.ts";
import { organizationsRoutes } from "./organizations/organizations.routes.ts";
import { CommitQueues } from "./pipeline/commit-queue.ts";
import { createDefaultPipeline } from "./pipeline/create-default-pipeline.ts";
import { rulesRoutes } from "./pipeline/rules.routes.ts";
import { watchTimedRules } from "./pipeline/run-timed-rules.ts";
import { stagesRoutes } from "./pipeline/stages.routes.ts";
import { tagsRoutes } from "./tags/tags.routes.ts";
import { organizationSettingsRoutes } from "./organizations/organization-settings.routes.ts";
import { keepFirstAnswer } from "./pipeline/keep-first-answer.ts";
import { offerFirstAnswers } from "./pipeline/first-answers.ts";
import { pipelineRoutes } from "./pipeline/pipeline.routes.ts";
import { pipelineMessages, startHeartbeat } from "./pipeline/pipeline.socket.ts";
import { AppError } from "./platform/app-error.ts";
import { createAuth } from "./platform/auth.ts";
import { addressOf, noteAddress } from "./platform/client-address.ts";
import type { Env } from "./platform/env.ts";
import { askAgain, dataPolicy, errorHandler, requireJson, unknownPath } from "./platform/http.ts";
import { createGate } from "./platform/gate.ts";
import { sendClientsAway } from "./platform/leave.ts";
import { createLimits } from "./platform/limits.ts";
import { createLive, room } from "./platform/live.ts";
import { healthRoutes } from "./platform/health.ts";
import { createMetrics } from "./platform/metrics.ts";
import { logRequests } from "./platform/log-requests.ts";
import { createLogger } from "./platform/logger.ts";
import { createMail } from "./platform/mail.ts";
import { createOutbox } from "./platform/outgoing.ts";
import { connectNodes, type Nodes } from "./platform/redis.ts";
import {
  createLiveServer,
  forgetHandshake,
  presenceExchange,
  requireHandshake,
  tvScreens,
  type LiveServer,
  type LiveSocket,
} from "./platform/sockets.ts";
import { reversalRoutes } from "./reversal/reversal.routes.ts";
import { createPresence } from "./presence/presence.ts";
import { presenceMessages } from "./presence/presence.socket.ts";
import { tokensRoutes } from "./tokens/tokens.routes.ts";
import { WebhookRunner } from "./webhooks/webhook-runner.ts";
import { webhooksRoutes } from "./webhooks/webhooks.routes.ts";
import { viewsRoutes } from "./views/views.routes.ts";
import { ReportBooks } from "./reports/report-books.ts";
import { reportsRoutes } from "./reports/reports.routes.ts";
import { winsRoutes } from "./wins/wins.routes.ts";
import { watchDeleted } from "./organizations/sweep-deleted.ts";
import { openTvScreens } from "./wins/wins.socket.ts";

const MAX_BODY = "256kb";
const MAX_HEADER_BYTES = 16_384;
const GOODBYE_MS = 2_000;
const TIMED_RULES_EVERY_MS = 60_000;
/** While the processes cannot hear each other, who was signed out through another one is found by looking. */
const LOOK_WHILE_APART_MS = 10_000;
/** Handshakes that look at the database at once: after a process has died everybody comes together. */
const HANDSHAKES_AT_ONCE = 16;

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

function createPages(
  app: AppContext,
  health: RequestHandler,
  pages: RequestHandler | undefined,
): express.Express {
  const web = express();
  web.disable("x-powered-by");
  web.use(logRequests(app.logger));
  // The page's own inline start script needs a policy of its own; the rest of helmet's headers hold for everything.
  web.use(helmet({ contentSecurityPolicy: false }));
  web.use(health);
  web.set("trust proxy", app.env.trustProxy);
  web.use(noteAddress);
  // The reference is a page, although it stands below /api.
  if (pages) web.get("/api/docs", pages);
  web.use("/api", dataPolicy, askAgain, compression());
  web.use("/api/auth", authDoors(app));
  web.use(
    "/api/v1",
    guard(app),
    // Its bodies are files, which are read while they arrive.
    importUploadRoutes(app),
    fileUploadRoutes(app),
    requireJson,
    express.json({ limit: MAX_BODY }),
    keepFirstAnswer(app),
    accountsRoutes(app),
    membersRoutes(app),
    organizationsRoutes(app),
    integrationsRoutes(app),
    exportRoutes(app),
    importsRoutes(app),
    organizationFileRoutes(app),
    contactsRoutes(app),
    removalRoutes(app),
    activityRoutes(app),
    followUpsRoutes(app),
    bulkRoutes(app),
    reversalRoutes(app),
    pipelineRoutes(app),
    stagesRoutes(app),
    rulesRoutes(app),
    tagsRoutes(app),
    organizationSettingsRoutes(app),
    viewsRoutes(app),
    reportsRoutes(app),
    winsRoutes(app),
    tokensRoutes(app),
    webhooksRoutes(app),
    apiReferenceRoutes(app),
    unknownPath,
  );
  web.use("/api", unknownPath);
  web.use(errorHandler(app.logger));
  // What a page carries is sent as soon as it is known, not when the page is whole.
  const flushing = {
    flush: constants.Z_SYNC_FLUSH,
    brotli: { flush: constants.BROTLI_OPERATION_FLUSH },
  };
  if (pages) web.use(compression(flushing), offerFirstAnswers(app), pages);
  return web;
}

async function admit(app: AppContext, socket: LiveSocket): Promise<void> {
  const request = requireHandshake(socket);
  const address = addressOf(request, app.env.trustProxy);
  await app.limits.take("handshake", address);
  const person = await findPerson(app, request.headers);
  if (!person) {
    // Guessing costs here as it does for REST.
    await app.limits.take("stranger", address);
    throw new AppError("unauthenticated", "You are signed out");
  }
  const { user, organizationId, sessionId } = await requireMember(app, person);
  Object.assign(socket.data, { userId: user.id, name: user.name, organizationId, sessionId });
}

function openSockets(app: AppContext, io: LiveServer, nodes: Nodes | undefined): { stop(): void } {
  const sessions = new SessionWatch(app);
  const handshakes = createGate(HANDSHAKES_AT_ONCE);
  nodes?.onChange((isApart) => void (isApart || sessions.lookAtAll()));
  const looking = setInterval(() => void (nodes?.isApart() && sessions.lookAtAll()), LOOK_WHILE_APART_MS);
  const presence = createPresence(
    (pipelineId, viewers) => app.live.publishViewers(pipelineId, viewers),
    nodes && presenceExchange(io),
  );
  io.use((socket, next) => {
    handshakes(() => admit(app, socket)).then(
      () => next(),
      (error: unknown) => {
        const code = error instanceof AppError ? error.code : "internal";
        if (code === "internal") app.logger.error({ err: error }, "handshake failed");
        const retryAfterS = error instanceof AppError ? error.retryAfterS : undefined;
        next(Object.assign(new Error(code), retryAfterS !== undefined && { data: { retryAfterS } }));
      },
    );
  });
  const doors = {
    ...contactMessages(app),
    ...bulkMessages(app),
    ...pipelineMessages(app, presence),
    ...presenceMessages(presence),
  };
  io.on("connection", (socket) => {
    const { userId, organizationId, sessionId } = socket.data;
    forgetHandshake(socket);
    void socket.join([
      room.member(organizationId, userId),
      room.session(sessionId),
      room.user(userId),
      room.organization(organizationId),
    ]);
    socket.once("disconnect", () => {
      sessions.forget(socket);
      presence.leaveAll(socket.id);
    });
    sessions.watch(socket);
    notePresence(app, socket.data);
    hearMessages(app, socket, doors);
  });
  const watching = noteWatching(app, io);
  return {
    stop() {
      clearInterval(looking);
      watching.stop();
      sessions.stop();
      presence.stop();
    },
  };
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
  http.on("request", createPages(app, health, pages));
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
