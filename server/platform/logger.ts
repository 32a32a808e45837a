import { pino, type DestinationStream, type Logger } from "pino";

/** What must never be in a log. Secrets of links stand behind the `#` of an address, which browsers never send. */
const SECRETS = [
  "req.headers.cookie",
  "req.headers['x-org-auth-token']",
  "req.headers.authorization",
  "res.headers['set-cookie']",
];

/** Logs go to stderr: stdout is for what a person or script reads at the start. */
export function createLogger(level: string, target: DestinationStream = pino.destination(2)): Logger {
  return pino({ level, redact: SECRETS }, target);
}
