import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { afterAll } from "vitest";

export type ReceivedMail = { to: string[]; head: string; body: string };

/** Long lines and signs beyond ASCII are written in this way by whoever sends mail. */
const decode = (quoted: string): string =>
  quoted
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));

/** Somebody's mail server, on a port of this machine. It can refuse, hang, be away and come back. */
export class MailReceiver {
  readonly received: ReceivedMail[] = [];
  behave: "accept" | "refuse" | "hang" = "accept";
  #server = this.#make();
  #port = 0;

  #make(): SMTPServer {
    return new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      logger: false,
      onRcptTo: (_address, _session, answer) => {
        if (this.behave === "hang") return;
        answer(this.behave === "refuse" ? new Error("no such mailbox") : undefined);
      },
      onData: (stream, session, answer) => {
        text(stream).then((raw) => {
          const [head = "", ...rest] = raw.split("\r\n\r\n");
          const to = session.envelope.rcptTo.map(({ address }) => address);
          this.received.push({ to, head, body: decode(rest.join("\r\n\r\n")) });
          answer();
        }, answer);
      },
    });
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  /** What has come to an address, the newest last. */
  to(address: string): ReceivedMail[] {
    return this.received.filter(({ to }) => to.includes(address));
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => void this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server = this.#make();
  }
}

export async function aMailReceiver(): Promise<MailReceiver> {
  const receiver = await new MailReceiver().open();
  afterAll(() => receiver.close());
  return receiver;
}
