import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

const LOOK_EVERY_MS = 500;
const LOOK_LIMIT_MS = 1_000;
/** Shorter than a node keeps an idle connection: we must be the one who closes it. */
const KEEP_IDLE_MS = 4_000;
const COOKIE = "node";
/** May be sent twice: the second time does nothing new. */
const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS"]);

type Node = { host: string; port: number; isReady: boolean; open: number };

export type Balancer = {
  port: number;
  /** Asks every node at once whether it is ready, instead of at the next turn. */
  look(): Promise<void>;
  stop(): Promise<void>;
};

const NOBODY = JSON.stringify({
  status: "error",
  code: "busy",
  message: "No process is ready, try again",
  issues: [],
});

function addressOf(url: string): Pick<Node, "host" | "port"> {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** Ready as the node says of itself; a node that stops says no before it hangs up. */
function look(node: Node): Promise<void> {
  return new Promise((resolve) => {
    const { host, port } = node;
    const asked = request({ host, port, path: "/readyz", agent: false, timeout: LOOK_LIMIT_MS }, (answer) => {
      node.isReady = answer.statusCode === 200;
      answer.resume();
      resolve();
    });
    asked.once("timeout", () => asked.destroy(new Error("No answer")));
    asked.once("error", () => {
      node.isReady = false;
      resolve();
    });
    asked.end();
  });
}

/**
 * Nodes to try, one after the other: the one that the cookie names, then the least busy. When none says that it is
 * ready, all of them: one that is only slow, or about to stop, still serves.
 */
function candidates(nodes: readonly Node[], { headers }: IncomingMessage): Node[] {
  const [, named] = new RegExp(`(?:^|; )${COOKIE}=(\\d+)`).exec(headers.cookie ?? "") ?? [];
  const byLoad = nodes.toSorted((a, b) => a.open - b.open);
  const ready = byLoad.filter(({ isReady }) => isReady);
  if (ready.length === 0) return byLoad;
  const usual = named === undefined ? undefined : nodes[Number(named)];
  return usual?.isReady ? [usual, ...ready.filter((node) => node !== usual)] : ready;
}

/** The headers as they came, and who really called. */
function forwarded({ headers, socket }: IncomingMessage): NodeJS.Dict<string | string[]> {
  const before = headers["x-forwarded-for"];
  const caller = socket.remoteAddress ?? "";
  return {
    ...headers,
    "x-forwarded-for": before === undefined ? caller : `${String(before)}, ${caller}`,
    "x-forwarded-proto": "http",
    "x-forwarded-host": headers.host,
  };
}

/**
 * Stands in front of several processes: whoever came once comes to the same process again as long as it is ready, and
 * a process that cannot be reached is passed over. It is for one machine and for tests; many machines use HAProxy,
 * nginx or a cloud's own.
 */
export async function startBalancer(options: {
  host: string;
  port: number;
  targets: readonly string[];
}): Promise<Balancer> {
  const nodes: Node[] = options.targets.map((url) => ({ ...addressOf(url), isReady: false, open: 0 }));
  const agent = new Agent({ keepAlive: true, timeout: KEEP_IDLE_MS });
  const sockets = new Set<Socket>();

  function pass(incoming: IncomingMessage, outgoing: ServerResponse, left: Node[]): void {
    const [node, ...others] = left;
    if (!node) {
      outgoing.writeHead(503, { "content-type": "application/json", "retry-after": "1" }).end(NOBODY);
      return;
    }
    const { host, port } = node;
    const { method = "GET", url } = incoming;
    let isConnected = false;
    const headers = forwarded(incoming);
    const sent = request({ host, port, method, path: url, headers, agent });
    const end = (): void => void (node.open -= 1);
    node.open += 1;
    sent.once("close", end);
    sent.once("socket", (socket) => {
      const go = (): void => {
        isConnected = true;
        incoming.pipe(sent);
      };
      // Nothing of the body is taken before somebody is there to take it: another node may still get it whole.
      if (socket.connecting) socket.once("connect", go);
      else go();
    });
    sent.once("response", (answer) => {
      const cookies = answer.headers["set-cookie"] ?? [];
      const own = `${COOKIE}=${nodes.indexOf(node)}`;
      const isKnown = incoming.headers.cookie?.includes(own) === true;
      const all = isKnown ? cookies : [...cookies, `${own}; Path=/; HttpOnly; SameSite=Lax`];
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, "set-cookie": all });
      answer.pipe(outgoing);
      answer.once("error", () => outgoing.destroy());
    });
    sent.once("error", () => {
      if (outgoing.headersSent) return void outgoing.destroy();
      if (outgoing.destroyed) return;
      if (!isConnected) node.isReady = false;
      if (!isConnected || REPEATABLE.has(method)) return pass(incoming, outgoing, others);
      outgoing.writeHead(502, { "content-type": "application/json" }).end(NOBODY);
    });
    outgoing.once("close", () => !outgoing.writableFinished && sent.destroy());
  }

  function joinSockets(incoming: IncomingMessage, client: Socket, left: Node[]): void {
    const [node, ...others] = left;
    if (!node) return void client.end("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n");
    const upstream = connect(node.port, node.host);
    let isConnected = false;
    upstream.setNoDelay(true);
    upstream.once("connect", () => {
      isConnected = true;
      node.open += 1;
      upstream.once("close", () => (node.open -= 1));
      const lines = Object.entries(forwarded(incoming)).flatMap(([name, value]) =>
        [value ?? []].flat().map((each) => `${name}: ${each}`),
      );
      upstream.write([`GET ${incoming.url ?? "/"} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
      upstream.pipe(client).pipe(upstream);
    });
    upstream.once("error", () => {
      if (isConnected) return void client.destroy();
      node.isReady = false;
      joinSockets(incoming, client, others);
    });
    upstream.once("close", () => isConnected && client.destroySoon());
    client.once("close", () => upstream.destroy());
    client.once("error", () => upstream.destroy());
  }

  const server = createServer((incoming, outgoing) => pass(incoming, outgoing, candidates(nodes, incoming)));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (incoming, client: Socket, head) => {
    client.setNoDelay(true);
    if (head.length > 0) client.unshift(head);
    joinSockets(incoming, client, candidates(nodes, incoming));
  });
  const lookAtAll = async (): Promise<void> => void (await Promise.all(nodes.map(look)));
  await lookAtAll();
  const looking = setInterval(() => void lookAtAll(), LOOK_EVERY_MS);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    look: lookAtAll,
    async stop() {
      clearInterval(looking);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
}
