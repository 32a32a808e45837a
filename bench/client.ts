import type { Socket } from "socket.io-client";
import { Viewers } from "./viewers.ts";

export type Credentials = { email: string; password: string; token: string };

/** Somebody who calls a product: by token for REST, by session for live screens. */
export type Client = {
  url: string;
  headers: Record<string, string>;
  pipelineId: string;
  stageIds: string[];
  /** Contacts of the demo, to be changed. */
  contactIds: string[];
  get<Data>(path: string): Promise<Data>;
  /** Changes the next contact and returns the seq of that change. */
  patch(): Promise<number>;
  /** Opens a board, the first one if none is named, so many times. */
  watch(count: number, pipelineId?: string): Promise<Viewers>;
  /** Adds a pipeline with one contact in it. */
  addPipeline(name: string): Promise<{ pipelineId: string; contactId: string }>;
};

const json = async <Data>(response: Response): Promise<Data> => {
  const answer = (await response.json()) as { data: Data };
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer.data;
};

async function signIn(url: string, { email, password }: Credentials): Promise<string> {
  const response = await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ email, password }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

/** @param printed what a product with a demo prints at its first start */
export function credentialsOf(printed: Record<string, string>): Credentials {
  const { email = "", password = "", token = "" } = printed;
  return { email, password, token };
}

export async function connect(url: string, credentials: Credentials): Promise<Client> {
  const headers = { "content-type": "application/json", "x-org-auth-token": credentials.token };
  const get = async <Data>(path: string): Promise<Data> =>
    json<Data>(await fetch(`${url}/api/v1${path}`, { headers }));
  type Pipelines = { pipelines: { id: string; stages: { id: string }[] }[] };
  const [pipeline] = (await get<Pipelines>("/pipelines")).pipelines;
  if (!pipeline) throw new Error("the demo has no pipeline");
  const { events } = await get<{ events: { contactId: string | null }[] }>("/events?limit=1000");
  const contactIds = [...new Set(events.flatMap(({ contactId }) => contactId ?? []))];
  const cookie = await signIn(url, credentials);
  const pipelineId = pipeline.id;
  let calls = 0;
  return {
    url,
    headers,
    pipelineId,
    stageIds: pipeline.stages.map(({ id }) => id),
    contactIds,
    get,
    async patch() {
      calls += 1;
      const body = JSON.stringify({ contact_id: contactIds[calls % contactIds.length], value: calls });
      const path = `${url}/api/v1/contact/contact-status`;
      return (await json<{ seq: number }>(await fetch(path, { method: "PATCH", headers, body }))).seq;
    },
    watch: (count, watched = pipelineId) =>
      new Viewers().open(count, url, "pipeline:events", {
        cookie,
        join: (socket: Socket) => socket.emitWithAck("pipeline:join", { pipelineId: watched }),
      }),
    async addPipeline(name) {
      const post = async <Data>(path: string, more: Record<string, string>, body: object): Promise<Data> => {
        const all = { "content-type": "application/json", ...more };
        return json<Data>(
          await fetch(`${url}/api/v1${path}`, { method: "POST", headers: all, body: JSON.stringify(body) }),
        );
      };
      const signedIn = { cookie, origin: url };
      const made = await post<{ pipeline: { id: string } }>("/pipelines", signedIn, { name });
      const contact = { username: name.replace(" ", "."), pipeline_id: made.pipeline.id };
      const { contact_id: contactId } = await post<{ contact_id: string }>(
        "/organization/create-contact",
        headers,
        contact,
      );
      return { pipelineId: made.pipeline.id, contactId };
    },
  };
}

/** Milliseconds from the start of a call to the last viewer's hearing of it, for so many calls one after the other. */
export async function timesToLastViewer(
  viewers: readonly Viewers[],
  call: () => Promise<number>,
  calls: number,
): Promise<number[]> {
  const taken: number[] = [];
  let seq = await call();
  for (let round = 0; round < calls; round += 1) {
    const heard = viewers.map((some) => some.lastHears(seq + 1));
    const start = performance.now();
    [seq] = await Promise.all([call(), ...heard]);
    taken.push(performance.now() - start);
  }
  return taken;
}

/** The same of a floor: see floor.ts. */
export const emitTo = (floorUrl: string) => async (): Promise<number> =>
  (await json<{ seq: number }>(await fetch(`${floorUrl}/emit`, { method: "PATCH" }))).seq;

export const watchFloor = (floorUrl: string, count: number): Promise<Viewers> =>
  new Viewers().open(count, floorUrl, "events");
