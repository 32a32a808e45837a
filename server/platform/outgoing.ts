import {
  request as requestHttp,
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { request as requestHttps, Agent as HttpsAgent } from "node:https";
import { addressIn, InnerAddressError, isPublicAddress, lookupPublic } from "./public-address.ts";

/** Who has not answered by then has not got it. */
const ANSWER_WITHIN_MS = 10_000;
/** Of an answer no more is read than this. */
const MAX_ANSWER_BYTES = 1_024;

export type Outgoing = { url: string; headers: Record<string, string>; body: string };
export type Answered = { status: number; answer: string };

export type OutboxOptions = {
  /** For tests and for who receives on the own machine or network. */
  mayReachInner: boolean;
  answerWithinMs?: number | undefined;
};

export type Outbox = {
  readonly answerWithinMs: number;
  /**
   * Posts JSON to an address that somebody else has chosen. Redirects are answers, they are not followed.
   * @throws a `TimeoutError` when no answer comes in time
   */
  post(outgoing: Outgoing, stop?: AbortSignal): Promise<Answered>;
  close(): void;
};

/** The beginning of an answer; the rest is not worth the wait, and may be endless. */
function readBeginning(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (): void => {
      resolve(Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8"));
      if (!response.complete) response.destroy();
    };
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_ANSWER_BYTES) end();
    });
    response.once("end", end);
    response.once("close", end);
    response.once("error", end);
  });
}

function sendOnce(make: () => ClientRequest, body: string): Promise<{ answered: Answered }> {
  return new Promise((resolve, reject) => {
    const request = make();
    request.once("response", (response) => {
      const status = response.statusCode ?? 0;
      readBeginning(response).then((answer) => resolve({ answered: { status, answer } }), reject);
    });
    request.once("error", (error: NodeJS.ErrnoException) => {
      reject(Object.assign(error, { wasIdle: request.reusedSocket && error.code === "ECONNRESET" }));
    });
    request.end(body);
  });
}

export function createOutbox({ mayReachInner, answerWithinMs = ANSWER_WITHIN_MS }: OutboxOptions): Outbox {
  const options = { keepAlive: true, maxFreeSockets: 20, timeout: 30_000 };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  const pinned = mayReachInner ? {} : { lookup: lookupPublic };
  return {
    answerWithinMs,
    async post({ url, headers, body }, stop) {
      const { protocol, hostname } = new URL(url);
      const literal = addressIn(hostname);
      if (!mayReachInner && literal !== undefined && !isPublicAddress(literal)) throw new InnerAddressError();
      const late = AbortSignal.timeout(answerWithinMs);
      const sent = {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        signal: stop ? AbortSignal.any([stop, late]) : late,
      };
      const make = (): ClientRequest =>
        protocol === "https:"
          ? requestHttps(url, { ...sent, ...pinned, agent: agents.https })
          : requestHttp(url, { ...sent, ...pinned, agent: agents.http });
      try {
        return (await sendOnce(make, body)).answered;
      } catch (error) {
        // A kept connection was closed by the other side just as it was used again: that is nobody's failure.
        if (!(error as { wasIdle?: boolean }).wasIdle) throw error;
        return (await sendOnce(make, body)).answered;
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
