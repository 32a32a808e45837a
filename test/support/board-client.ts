import type { BoardSnapshot, ColumnPageAt } from "@dmtracker/shared/contracts/board.ts";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { Pipeline } from "@dmtracker/shared/contracts/pipeline.ts";
import type {
  ChangeContactMessage,
  ChangeReply,
  ClientToServerEvents,
  Reply,
  ServerToClientEvents,
  Viewer,
} from "@dmtracker/shared/contracts/realtime.ts";
import { applyToContact, applyToPipeline } from "@dmtracker/shared/pipeline/apply-event.ts";
import { EventFeed } from "@dmtracker/shared/pipeline/event-feed.ts";
import { compareRanked } from "@dmtracker/shared/pipeline/ranks.ts";
import { io, type Socket } from "socket.io-client";
import { eventually } from "./eventually.ts";
import { call } from "./http.ts";

/** A client without a screen: it keeps a whole board true by the same shared code as the web app. */
export class BoardClient {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly contacts = new Map<string, Contact>();
  /** Numbers of the events it has applied, in the order in which it applied them. */
  readonly applied: number[] = [];
  /** Sizes of the messages that brought events. */
  readonly batches: PipelineEvent[][] = [];
  snapshots = 0;
  /** Never says that it has got something. */
  isDeaf = false;
  pipeline!: Pipeline;
  revoked: string | undefined;
  /** The server says that its processes cannot hear each other. */
  isApart = false;
  viewers: Viewer[] = [];
  /** Times that a stopping process has sent it to another one. */
  sentAway = 0;
  /** Numbers at which it was told that wins have changed. */
  readonly wins: number[] = [];
  readonly #url: string;
  readonly #cookie: string;
  readonly #pipelineId: string;
  #feed = new EventFeed(0);
  #joining: Promise<void> | undefined;

  constructor(url: string, cookie: string, pipelineId: string) {
    this.#url = url;
    this.#cookie = cookie;
    this.#pipelineId = pipelineId;
    this.socket = io(url, {
      transports: ["websocket"],
      extraHeaders: { cookie },
      autoConnect: false,
      ackTimeout: 8_000,
      retries: 0,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
    });
    this.socket.on("pipeline:events", ({ events }) => {
      this.batches.push(events);
      this.#receive(events);
    });
    this.socket.on("pipeline:head", ({ seq, apart }) => {
      this.isApart = apart === true;
      this.#feed.noticeHead(seq);
      this.#closeGap();
    });
    this.socket.on("pipeline:delivered", ({ seq }, answer) => {
      if (!this.isDeaf) void this.#answerDelivered(seq, answer);
    });
    this.socket.on("wins", ({ seq }) => this.wins.push(seq));
    this.socket.on("access:revoked", ({ reason }) => {
      this.revoked = reason;
    });
    this.socket.on("server:leaving", ({ withinMs }) => {
      const { id } = this.socket;
      this.sentAway += 1;
      setTimeout(() => this.socket.id === id && this.socket.disconnect().connect(), Math.random() * withinMs);
    });
    this.socket.on("connect", () => void this.join());
    this.socket.on("disconnect", (reason) => {
      // The library comes back by itself, except when the server hung up.
      if (reason === "io server disconnect" && this.revoked === undefined) this.socket.connect();
    });
    this.socket.on("presence", ({ viewers }) => (this.viewers = viewers));
  }

  /** Connects, loads the board and joins its room. */
  async open(): Promise<this> {
    this.socket.connect();
    await new Promise<void>((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("connect_error", reject);
    });
    await this.join();
    return this;
  }

  get isJoining(): boolean {
    return this.#joining !== undefined;
  }

  get seq(): number {
    return this.#feed.seq;
  }

  /** Joins with what it has; concurrent calls share one. */
  join(): Promise<void> {
    this.#joining ??= this.#join().finally(() => {
      this.#joining = undefined;
    });
    return this.#joining;
  }

  async #join(): Promise<void> {
    const isFirst = this.pipeline === undefined;
    const since = isFirst ? {} : { since: this.#feed.seq };
    let reply: Awaited<ReturnType<typeof this.socket.emitWithAck<"pipeline:join">>>;
    try {
      reply = await this.socket.emitWithAck("pipeline:join", { pipelineId: this.#pipelineId, ...since });
    } catch {
      return; // Cut off on the way: the next connect joins again.
    }
    if (!reply.ok) {
      if (isFirst) throw new Error(reply.message);
      this.revoked ??= reply.message;
      return;
    }
    if ("snapshot" in reply) await this.#load();
    else this.#receive(reply.events);
  }

  async #load(): Promise<void> {
    this.snapshots += 1;
    const path = `/pipelines/${this.#pipelineId}`;
    const { body } = await call<BoardSnapshot>(this.#url, "GET", `${path}/board`, { cookie: this.#cookie });
    const { pipeline, columns } = body.data;
    this.contacts.clear();
    for (const column of columns) {
      for (const contact of column.contacts) this.contacts.set(contact.id, contact);
      let { more } = column;
      for (let last = column.contacts.at(-1); more && last;) {
        const query = `after_rank=${encodeURIComponent(last.rank)}&after_id=${last.id}&limit=200`;
        const page = await call<ColumnPageAt>(
          this.#url,
          "GET",
          `${path}/stages/${column.stageId}/contacts?${query}`,
          {
            cookie: this.#cookie,
          },
        );
        for (const contact of page.body.data.contacts) this.contacts.set(contact.id, contact);
        ({ more } = page.body.data);
        last = page.body.data.contacts.at(-1);
      }
    }
    this.pipeline = pipeline;
    this.#apply(this.#feed.restart(pipeline.seq));
  }

  #receive(events: PipelineEvent[]): void {
    if (this.pipeline === undefined) this.#feed.noticeHead(events.at(-1)?.seq ?? 0);
    else this.#apply(this.#feed.receive(events));
    this.#closeGap();
  }

  #apply(events: PipelineEvent[]): void {
    for (const event of events) {
      this.applied.push(event.seq);
      this.pipeline = applyToPipeline(this.pipeline, event);
      const ids = event.contactId ? [event.contactId] : Object.keys(event.after.ranks ?? {});
      for (const id of ids) {
        const contact = applyToContact(this.contacts.get(id), event);
        if (contact) this.contacts.set(id, contact);
      }
    }
  }

  async #answerDelivered(seq: number, answer: (applied: boolean) => void): Promise<void> {
    this.#feed.noticeHead(seq);
    await eventually(() => {
      if (this.#feed.seq < seq) throw new Error("not applied yet");
    });
    answer(true);
  }

  #closeGap(): void {
    if (this.pipeline !== undefined && this.#feed.gap !== undefined && this.socket.connected)
      void this.join();
  }

  change(message: ChangeContactMessage): Promise<Reply<ChangeReply>> {
    return this.socket.emitWithAck("contact:change", message);
  }

  /** Ids of a stage from top to bottom. */
  column(stageId: string): string[] {
    return [...this.contacts.values()]
      .filter((contact) => contact.stageId === stageId)
      .sort(compareRanked)
      .map(({ id }) => id);
  }

  close(): void {
    this.socket.disconnect();
  }
}
