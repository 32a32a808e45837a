import { pino, type Logger } from "pino";

/** Logs go to stderr: stdout is for what a person or script reads at the start. */
export function createLogger(level: string): Logger {
  return pino(
    { level, redact: ["req.headers.cookie", "req.headers['x-org-auth-token']", "req.headers.authorization"] },
    pino.destination(2),
  );
}
