import { timingSafeEqual } from "node:crypto";
import { Router, type Request } from "express";
import { AppError } from "./app-error.ts";
import { isMongoReady } from "./mongo.ts";
import type { Metrics } from "./metrics.ts";

const LOOPBACK = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Figures say how much a team works, so they are no public page: for the bearer of the token, else for this machine. */
function maySeeMetrics(request: Request, token: string | undefined): boolean {
  if (token) return isSame(request.get("authorization") ?? "", `Bearer ${token}`);
  const isForwarded = request.headers["x-forwarded-for"] !== undefined;
  return !isForwarded && LOOPBACK.has(request.socket.remoteAddress ?? "");
}

/** For load balancers and monitoring: `/healthz` (lives), `/readyz` (may get requests), `/metrics` (Prometheus). */
export function healthRoutes(options: {
  metrics: Metrics;
  metricsToken: string | undefined;
  isStopping(): boolean;
}): Router {
  const router = Router();
  router.use((_request, response, next) => {
    // A balancer's kept connections end with their next answer, and not in the middle of a call.
    if (options.isStopping()) response.setHeader("connection", "close");
    next();
  });
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const isReady = !options.isStopping() && (await isMongoReady());
    response.status(isReady ? 200 : 503).json({ status: isReady ? "ok" : "not ready" });
  });
  router.get("/metrics", async (request, response) => {
    if (!maySeeMetrics(request, options.metricsToken)) {
      throw new AppError("not_found", "There is no GET /metrics");
    }
    response.type(options.metrics.contentType).send(await options.metrics.print());
  });
  return router;
}
