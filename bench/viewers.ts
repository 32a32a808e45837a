import { io, type Socket } from "socket.io-client";

/** Sockets that watch a room and tell when all of them have heard of something. */
export class Viewers {
  readonly #sockets: Socket[] = [];
  #waiting: { seq: number; left: Set<number>; resolve: () => void } | undefined;
  /** Events that arrived, over all viewers. */
  delivered = 0;

  async open(
    count: number,
    url: string,
    event: string,
    options: { cookie?: string; join?: (socket: Socket) => Promise<unknown> } = {},
  ): Promise<this> {
    for (let index = 0; index < count; index += 1) {
      const socket = io(url, {
        transports: ["websocket"],
        forceNew: true,
        ackTimeout: 10_000,
        ...(options.cookie ? { extraHeaders: { cookie: options.cookie } } : {}),
      });
      socket.on(event, ({ events }: { events: { seq: number }[] }) => this.#hear(index, events));
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("connect_error", reject);
      });
      await options.join?.(socket);
      this.#sockets.push(socket);
    }
    return this;
  }

  #hear(index: number, events: { seq: number }[]): void {
    this.delivered += events.length;
    const waiting = this.#waiting;
    if (!waiting || (events.at(-1)?.seq ?? 0) < waiting.seq) return;
    waiting.left.delete(index);
    if (waiting.left.size === 0) waiting.resolve();
  }

  /** Resolves when the last viewer has heard of `seq` or something later. Call it before causing it. */
  lastHears(seq: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { seq, left: new Set(this.#sockets.keys()), resolve };
    });
  }

  /** Comes back to the board with what was seen until `since`, and tells how many events the one answer brought. */
  async rejoin(pipelineId: string, since: number): Promise<number> {
    const [socket] = this.#sockets;
    await socket?.emitWithAck("pipeline:leave", { pipelineId });
    const reply = (await socket?.emitWithAck("pipeline:join", { pipelineId, since })) as {
      events?: unknown[];
    };
    return reply.events?.length ?? 0;
  }

  close(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }
}
