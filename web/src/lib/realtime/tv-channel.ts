import type { TvEvents } from "@dmtracker/shared/contracts/realtime.ts";
import { io, type Socket } from "socket.io-client";
import type { BoardChannel, ChannelListener } from "./board-channel.ts";

const RECONNECT_MIN_MS = 400;
const RECONNECT_MAX_MS = 8_000;

/** What a wins screen needs of a connection, with an account or without one. */
export type WinsChannel = Pick<BoardChannel, "connected" | "listen">;

/** The connection of a screen without an account: it shows its link's secret, and then only listens. */
export function openTvChannel(secret: string): WinsChannel & { close(): void } {
  const listeners = new Set<Partial<ChannelListener>>();
  const socket: Socket<TvEvents> = io("/tv", {
    transports: ["websocket"],
    auth: { token: secret },
    reconnectionDelay: RECONNECT_MIN_MS,
    reconnectionDelayMax: RECONNECT_MAX_MS,
  });
  const each = (tell: (listener: Partial<ChannelListener>) => void): void => [...listeners].forEach(tell);
  socket.on("connect", () => each((listener) => listener.connected?.()));
  socket.on("disconnect", () => each((listener) => listener.disconnected?.()));
  socket.on("wins", (message) => each((listener) => listener.wins?.(message)));
  socket.on("access:revoked", ({ reason }) => each((listener) => listener.revoked?.(reason)));
  socket.on("server:leaving", ({ withinMs }) => {
    const { id } = socket;
    setTimeout(() => socket.id === id && socket.disconnect().connect(), Math.random() * withinMs);
  });
  // Why it was refused is told by the next question; asking is what an unknown link is told by.
  socket.on("connect_error", () => {
    if (!socket.active) each((listener) => listener.woke?.());
  });
  const woke = (): void => {
    if (document.visibilityState === "visible") each((listener) => listener.woke?.());
  };
  window.addEventListener("online", woke);
  document.addEventListener("visibilitychange", woke);
  return {
    get connected() {
      return socket.connected;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      window.removeEventListener("online", woke);
      document.removeEventListener("visibilitychange", woke);
      socket.disconnect();
      listeners.clear();
    },
  };
}
