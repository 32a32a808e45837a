import { createServer, type Server as HttpServer } from "node:http";
import { toNodeHandler } from "better-auth/node";
import express, { type RequestHandler } from "express";
import helmet from "helmet";
import { pinoHttp } from "pino-http";
import type { AppContext } from "./app-context.ts";
import { contactsRoutes } from "./contacts/contacts.routes.ts";
import { contactsSocket } from "./contacts/contacts.socket.ts";
import { followUpsRoutes } from "./follow-ups/follow-ups.routes.ts";
import { Rosters } from "./contacts/rosters.ts";
import { findSignedIn } from "./organizations/caller.ts";
import { organizationsRoutes } from "./organizations/organizations.routes.ts";
import { CommitQueues } from "./pipeline/commit-queue.ts";
import { createDefaultPipeline } from "./pipeline/create-default-pipeline.ts";
import { pipelineRoutes } from "./pipeline/pipeline.routes.ts";
import { pipelineSocket, startHeartbeat } from "./pipeline/pipeline.socket.ts";
import { createAuth } from "./platform/auth.ts";
import type { Env } from "./platform/env.ts";
import { errorHandler, requireJson, unknownPath } from "./platform/http.ts";
import { createLive, room } from "./platform/live.ts";
import { createLogger } from "./platform/logger.ts";
import { joinNodes } from "./platform/redis.ts";
import { createLiveServer, type LiveServer } from "./platform/sockets.ts";
import { createPresence } from "./presence/presence.ts";
import { presenceSocket } from "./presence/presence.socket.ts";

const MAX_BODY = "256kb";

export type Application = {
  context: AppContext;
  url: string;
  /** Stops taking changes, finishes those it took, then closes every connection. */
  stop(): Promise<void>;
};

export type ApplicationOptions = {
  env: Env;
  authSecret: string;
  /** Serves the pages; left out where only the API is needed. */
  pages?: RequestHandler;
  heartbeatMs?: number;
};

/** Without a configured address both names of this machine are accepted: people type either. */
function originsOf(publicUrl: string, isConfigured: boolean): [string, ...string[]] {
  if (isConfigured) return [publicUrl];
  return [publicUrl, publicUrl.replace("localhost", "127.0.0.1")];
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

function createPages(app: AppContext, pages: RequestHandler | undefined): express.Express {
  const web = express();
  web.disable("x-powered-by");
  web.use(pinoHttp({ logger: app.logger, useLevel: "debug", quietReqLogger: true }));
  // The page's own inline start script needs a policy of its own; the rest of helmet's headers hold for everything.
  web.use(helmet({ contentSecurityPolicy: false }));
  web.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  web.all("/api/auth/*path", toNodeHandler(app.auth));
  web.use(
    "/api/v1",
    requireJson,
    express.json({ limit: MAX_BODY }),
    organizationsRoutes(app),
    contactsRoutes(app),
    followUpsRoutes(app),
    pipelineRoutes(app),
    unknownPath,
  );
  web.use("/api", unknownPath);
  web.use(errorHandler(app.logger));
  if (pages) web.use(pages);
  return web;
}

function openSockets(app: AppContext, io: LiveServer): { stop(): void } {
  const presence = createPresence((pipelineId, viewers) => app.live.publishViewers(pipelineId, viewers));
  io.use((socket, next) => {
    findSignedIn(app, socket.request.headers)
      .then((signedIn) => {
        if (!signedIn) {
          next(new Error("unauthenticated"));
          return;
        }
        const { user, organizationId, sessionId } = signedIn;
        Object.assign(socket.data, { userId: user.id, name: user.name, organizationId, sessionId });
        next();
      })
      .catch((error: unknown) => {
        app.logger.error({ err: error }, "handshake failed");
        next(new Error("internal"));
      });
  });
  io.on("connection", (socket) => {
    // The handshake's request is not needed again and would be held for the life of the connection.
    delete (socket.conn as { request?: unknown }).request;
    const { userId, organizationId, sessionId } = socket.data;
    void socket.join([room.user(userId), room.session(sessionId), room.organization(organizationId)]);
    contactsSocket(app, socket);
    pipelineSocket(app, presence, socket);
    presenceSocket(app, presence, socket);
  });
  return presence;
}

/** Listens, and builds the whole application on that port: REST, live protocol and pages. */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { env, authSecret, pages, heartbeatMs } = options;
  const logger = createLogger(env.logLevel);
  const http = createServer();
  const port = await listen(http, env);
  const publicUrl = env.publicUrl ?? `http://localhost:${port}`;
  const origins = originsOf(publicUrl, env.publicUrl !== undefined);
  const io = createLiveServer(http, origins);
  const live = createLive(io);
  const now = () => new Date();
  const app: AppContext = {
    env: { ...env, publicUrl, authSecret },
    logger,
    live,
    now,
    commits: new CommitQueues((pipeline, events) => {
      live.publishEvents(pipeline.id, pipeline.organizationId, events);
    }),
    rosters: new Rosters(),
    auth: createAuth(
      { secret: authSecret, origins },
      {
        onOrganizationCreated: async (organizationId) => {
          await createDefaultPipeline(organizationId, now());
        },
        onMemberRemoved: (userId) =>
          live.revokeUser(userId, "You are no longer a member of this organization."),
        onSessionEnded: (sessionId) => live.revokeSession(sessionId, "You have signed out."),
      },
    ),
  };
  const leaveNodes = env.redisUrl ? await joinNodes(io, env.redisUrl, logger) : undefined;
  const presence = openSockets(app, io);
  http.on("request", createPages(app, pages));
  const stopHeartbeat = startHeartbeat(app, heartbeatMs);

  return {
    context: app,
    url: publicUrl,
    async stop() {
      stopHeartbeat();
      await app.commits.stop();
      presence.stop();
      await io.close();
      http.closeAllConnections();
      await leaveNodes?.();
    },
  };
}
