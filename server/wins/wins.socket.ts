import type { AppContext } from "#server/app-context.ts";
import { AppError } from "#server/platform/app-error.ts";
import { addressOf } from "#server/platform/client-address.ts";
import { room } from "#server/platform/live.ts";
import { forgetHandshake, requireHandshake, type TvScreens } from "#server/platform/sockets.ts";
import { requireTvLink } from "./require-tv-link.ts";

/** Screens without an account: they show the secret of their link when they connect, and then only listen. */
export function openTvScreens(app: AppContext, screens: TvScreens): void {
  screens.use((socket, next) => {
    const admit = async () => {
      const address = addressOf(requireHandshake(socket), app.env.trustProxy);
      await app.limits.take("handshake", address);
      return requireTvLink(app, (socket.handshake.auth as { token?: unknown }).token);
    };
    admit().then(
      (link) => {
        socket.data.linkId = link.id;
        const watched =
          link.pipelineId === null ? room.organization(link.organizationId) : room.pipeline(link.pipelineId);
        forgetHandshake(socket);
        void socket.join([room.tvLink(link.id), watched]);
        next();
      },
      (error: unknown) => {
        if (!(error instanceof AppError)) app.logger.error({ err: error }, "handshake of a screen failed");
        next(new Error(error instanceof AppError ? "unauthenticated" : "internal"));
      },
    );
  });
}
