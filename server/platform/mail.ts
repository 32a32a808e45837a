import { createTransport } from "nodemailer";
import type { Logger } from "pino";
import type { Env } from "./env.ts";

export type Letter = { to: string; subject: string; text: string };

export type Mail = {
  /** Without SMTP people hand links to each other. */
  isConfigured: boolean;
  /**
   * Sends in the background: how long an answer takes must not tell whether there was somebody to write to. A failure
   * is logged, without the letter: its link is a secret.
   */
  send(letter: Letter): void;
};

/** A mail server that hangs is given up, and must not keep a stopping process. */
const PATIENCE = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

export function createMail(smtp: Env["smtp"], logger: Logger): Mail {
  if (!smtp) return { isConfigured: false, send: () => undefined };
  const transport = createTransport({ url: smtp.url, ...PATIENCE });
  return {
    isConfigured: true,
    send(letter) {
      transport.sendMail({ from: smtp.from, ...letter }).catch((error: unknown) => {
        logger.error({ err: error, subject: letter.subject }, "a mail could not be sent");
      });
    },
  };
}
