import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll } from "vitest";

export type Received = { headers: IncomingHttpHeaders; body: string; type: string; seq: number };
/** What the receiver does with one call. Answering is its own business. */
export type Behaviour = (response: ServerResponse, received: Received) => void;

export const accept: Behaviour = (response) => void response.end("thanks");
export const refuse =
  (status: number): Behaviour =>
  (response) =>
    void response.writeHead(status).end("no");

/** Somebody's program that gets webhooks, on a port of this machine. It can misbehave, be away and come back. */
export class Receiver {
  readonly received: Received[] = [];
  behave: Behaviour = accept;
  #port = 0;
  #server = this.#make();

  #make() {
    return createServer((request, response) => {
      void text(request).then((body) => {
        const { type, data } = JSON.parse(body) as { type: string; data: { seq: number } };
        const received = { headers: request.headers, body, type, seq: data.seq };
        this.received.push(received);
        this.behave(response, received);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hooks`;
  }

  get seqs(): number[] {
    return this.received.map(({ seq }) => seq);
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#server = this.#make();
  }
}

export async function aReceiver(): Promise<Receiver> {
  const receiver = await new Receiver().open();
  afterAll(() => receiver.close());
  return receiver;
}
