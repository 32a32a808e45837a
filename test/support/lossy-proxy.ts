import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A network that can be bad: passes bytes on, and can cut every connection or make everything late. */
export class LossyProxy {
  /** How late each piece is, in both directions. */
  delayMs = 0;
  readonly #pairs = new Set<[Socket, Socket]>();
  readonly #server = createServer((client) => this.#join(client));
  #target: number;

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  aimAt(port: number): void {
    this.#target = port;
  }

  /** As a lost network does: nobody is told goodbye. */
  cutAll(): number {
    const { size } = this.#pairs;
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    return size;
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    const pair: [Socket, Socket] = [client, server];
    this.#pairs.add(pair);
    const carry = (from: Socket, to: Socket): void => {
      from.setNoDelay(true);
      from.on("data", (bytes) => this.#later(() => void to.write(bytes)));
      from.on("error", () => undefined);
      from.once("close", () => {
        this.#pairs.delete(pair);
        this.#later(() => void to.destroySoon());
      });
    };
    carry(client, server);
    carry(server, client);
  }

  /** In order all the same: each waits as long as the one before it, or longer. */
  #later(act: () => void): void {
    if (this.delayMs === 0) act();
    else setTimeout(act, this.delayMs);
  }
}
