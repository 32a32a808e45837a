import { randomUUID } from "node:crypto";
import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactListPage } from "@dmtracker/shared/contracts/contact-list.ts";
import type { Import } from "@dmtracker/shared/contracts/imports.ts";
import type { Rule } from "@dmtracker/shared/contracts/pipeline.ts";
import type { AccessEnd } from "@dmtracker/shared/contracts/realtime.ts";
import type { ContactStatusAnswer } from "@dmtracker/shared/contracts/rest.ts";
import type { MadeToken } from "@dmtracker/shared/contracts/tokens.ts";
import type { TvLink, WinsBoard } from "@dmtracker/shared/contracts/wins.ts";
import { io } from "socket.io-client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { BoardClient } from "../support/board-client.ts";
import { eventually } from "../support/eventually.ts";
import { call, type CallOptions } from "../support/http.ts";
import { aReceiver } from "../support/receiver.ts";
import { readLog } from "./checks.ts";
import { TestCluster } from "./test-cluster.ts";
import { aTestTeam, invite, signIn, type TestTeam } from "./test-team.ts";

// Two real processes; every test acts at one of them and looks at the other.
let cluster: TestCluster;
let team: TestTeam & { email: string };
let [here, there] = ["", ""];
/** Parked from the beginning, for a moment: both processes look for who is to be woken, every ten seconds. */
let sleeper: string;

beforeAll(async () => {
  cluster = await TestCluster.start({ variables: { LIMIT_SIGN_IN: "4/900" } });
  [here = "", there = ""] = cluster.nodes.map(({ url }) => url);
  team = await aTestTeam(here, 20);
  sleeper = team.contactIds.at(-1) ?? "";
  const parked = { until: new Date(Date.now() + 3_000).toISOString(), reason: null };
  const body = { contact_id: sleeper, parked };
  const { status } = await call(here, "PATCH", "/contact/parking", { token: team.token, body });
  expect(status).toBe(200);
});
afterAll(() => cluster?.stop());

const asOwner = (options: CallOptions = {}): CallOptions => ({ cookie: team.cookie, ...options });

const patch = (url: string, body: object, headers: Record<string, string> = {}) =>
  call<ContactStatusAnswer>(url, "PATCH", "/contact/contact-status", { token: team.token, body, headers });

async function aBoard(url: string, cookie = team.cookie): Promise<BoardClient> {
  const client = await new BoardClient(url, cookie, team.pipelineId).open();
  onTestFinished(() => client.close());
  return client;
}

let used = 0;
/** A contact that no other test touches. */
const aContactId = (): string => team.contactIds[used++] as string;

test("[SP1] [RT1] a change made at one process shows on the boards, lists, wins and reports of the other", async () => {
  const board = await aBoard(there);
  const contact_id = aContactId();
  const { body } = await patch(here, { contact_id, status: "won", value: 700 });
  await eventually(() => expect(board.seq).toBeGreaterThanOrEqual(body.data.seq));
  expect(board.contacts.get(contact_id)).toMatchObject({ leadStatus: "won", value: 700 });
  await eventually(() => expect(board.wins).toContain(body.data.seq));

  // No waiting here: whatever a process remembers, it answers with what was acknowledged before the question.
  for (const value of [701, 702, 703]) {
    await patch(here, { contact_id, value });
    const { token } = team;
    const list = await call<ContactListPage>(there, "GET", "/contacts?status=won", { token });
    expect(list.body.data).toMatchObject({ total: 1, total_value: value });
    const wins = await call<WinsBoard>(there, "GET", "/wins", { token });
    expect(wins.body.data.wins.map((win) => win.value)).toEqual([value]);
    const report = await call(there, "GET", "/reports?period=today", { token });
    expect(JSON.stringify(report.body.data)).toContain(`"value":${value}`);
  }
});

test("[SP1] [PR1] who is on a board and has a contact open is seen at the other process, and is gone when they leave", async () => {
  const [ana, bob] = [await aBoard(here), await aBoard(there)];
  const contactId = aContactId();
  await ana.socket.emitWithAck("presence:set", { pipelineId: team.pipelineId, contactId });
  await eventually(() =>
    expect(bob.viewers.map((viewer) => viewer.contactId).sort()).toEqual([contactId, null]),
  );
  ana.close();
  await eventually(() => expect(bob.viewers).toHaveLength(1));
});

test("[SP2] [CC4] the same key at both processes at once is one change with one answer", async () => {
  for (let round = 1; round <= 8; round += 1) {
    const [contact_id, key] = [team.contactIds[0], randomUUID()];
    const send = (url: string) =>
      patch(url, { contact_id, value: 10_000 + round }, { "idempotency-key": key });
    const answers = await Promise.all([here, there, here, there].map(send));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body.data))).size).toBe(1);
  }
  const made = await Promise.all(
    [here, there].map((url) =>
      call<{ contact_id: string }>(url, "POST", "/organization/create-contact", {
        token: team.token,
        body: { username: "twin" },
      }),
    ),
  );
  expect(made.map(({ status }) => status).sort()).toEqual([200, 201]);
  expect(new Set(made.map(({ body }) => body.data.contact_id)).size).toBe(1);
  const log = await readLog(there, team.token);
  for (let round = 1; round <= 8; round += 1)
    expect(log.filter(({ after }) => after.value === 10_000 + round)).toHaveLength(1);
});

test("[SP3] rules and settings that were changed at one process hold at the other from the answer on", async () => {
  const path = `/pipelines/${team.pipelineId}/rules`;
  const [, stageId = ""] = team.stageIds;
  const made = await call<{ rule: Rule }>(here, "POST", path, {
    ...asOwner(),
    body: { type: "stage_to_status", stageId, status: "won", enabled: true },
  });
  const contact_id = aContactId();
  const arrive = async (): Promise<string> => {
    await patch(there, { contact_id, status: "open", stage_id: team.stageIds[0] });
    return (await patch(there, { contact_id, stage_id: stageId })).body.data.lead_status;
  };
  for (const enabled of [false, true, false]) {
    await call(here, "PATCH", `${path}/${made.body.data.rule.id}`, { ...asOwner(), body: { enabled } });
    expect(await arrive()).toBe(enabled ? "won" : "open");
  }

  const rep = await aBoard(there);
  const daysUntilNext = async (): Promise<number> => {
    const contactId = aContactId();
    const message = { direction: "out", text: "Hi", at: new Date().toISOString() } as const;
    await rep.change({ mutationId: randomUUID(), contactId, message });
    const { token } = team;
    const { body: read } = await call<{ contact: Contact }>(there, "GET", `/contacts/${contactId}`, {
      token,
    });
    const { dueAt = "" } = read.data.contact.followUp ?? {};
    return Math.round((Date.parse(dueAt) - Date.now()) / 86_400_000);
  };
  for (const first of [9, 30, 60]) {
    // The other process has just looked at the settings.
    await patch(there, { contact_id, value: first });
    const body = { cadence: [first, first + 10] };
    expect((await call(here, "PATCH", "/organization/settings", { ...asOwner(), body })).status).toBe(200);
    const days = await daysUntilNext();
    expect(Math.abs(days - first), `${days} days`).toBeLessThanOrEqual(1);
  }
});

test("[SP4] [RT10] losing access at one process closes the sockets at the other, with the reason", async () => {
  const made = await call<MadeToken>(here, "POST", "/tokens", {
    ...asOwner(),
    body: { name: "to be revoked" },
  });
  const { secret, token } = made.body.data;
  expect((await call(there, "GET", "/pipelines", { token: secret })).status).toBe(200);
  await call(here, "DELETE", `/tokens/${token.id}`, asOwner());
  expect((await call(there, "GET", "/pipelines", { token: secret })).status).toBe(401);

  const member = await invite(here, team.cookie, "member");
  const page = await aBoard(there, member.cookie);
  await call(here, "DELETE", `/members/${member.userId}`, asOwner());
  await eventually(() => expect(page.revoked).toBe("Ana removed you from Team 1."));
  expect(page.socket.connected).toBe(false);

  const admin = await invite(here, team.cookie, "admin");
  const [first, second] = [
    await aBoard(here, admin.cookie),
    await aBoard(there, await signIn(there, admin.email)),
  ];
  await call(here, "DELETE", "/account/sessions", { cookie: admin.cookie });
  await eventually(() => expect([first.revoked, second.revoked]).not.toContain(undefined));
});

test("[SP4] [WN6] a TV link that is revoked at one process closes its screen at the other", async () => {
  const made = await call<{ link: TvLink; url: string }>(here, "POST", "/wins/tv-links", {
    ...asOwner(),
    body: { name: "Wall", shows_contacts: false },
  });
  const token = made.body.data.url.split("#")[1];
  const screen = io(`${there}/tv`, { transports: ["websocket"], auth: { token }, forceNew: true });
  onTestFinished(() => void screen.disconnect());
  const heard: number[] = [];
  const ends: AccessEnd[] = [];
  screen.on("wins", ({ seq }: { seq: number }) => heard.push(seq));
  screen.on("access:revoked", (end: AccessEnd) => ends.push(end));
  await new Promise((resolve) => screen.once("connect", () => resolve(undefined)));
  const { body } = await patch(here, { contact_id: aContactId(), status: "won" });
  await eventually(() => expect(heard).toEqual([body.data.seq]));
  await call(here, "DELETE", `/wins/tv-links/${made.body.data.link.id}`, asOwner());
  await eventually(() => expect(ends).toHaveLength(1));
});

test("[SP2] [SE2] guesses at a password are counted over both processes", async () => {
  const guess = (url: string, email: string) =>
    fetch(`${url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url },
      body: JSON.stringify({ email, password: "a wrong password" }),
    }).then(({ status }) => status);
  const statuses = [];
  for (const url of [here, there, here, there, here, there]) statuses.push(await guess(url, team.email));
  expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
});

test("[SP1] [API9] who waits for open boards hears of those at both processes, and gets an answer when one is frozen", async () => {
  await Promise.all([aBoard(here), aBoard(there)]);
  const wait = { prefer: "wait=delivered" };
  const contact_id = aContactId();
  const { body } = await patch(here, { contact_id, value: 1 }, wait);
  expect(body.data).toMatchObject({ delivered: { boards: 2, acknowledged: 2 } });
  const frozen = cluster.nodes[1];
  frozen?.freeze();
  try {
    const alone = await patch(here, { contact_id, value: 2 }, wait);
    expect(alone.status).toBe(200);
    expect(alone.body.data).toMatchObject({ changed: ["value"], delivered: { acknowledged: 1 } });
  } finally {
    frozen?.thaw();
  }
});

test("[SP6] [WH1] every event goes to a webhook once and in order, whoever committed it", async () => {
  const receiver = await aReceiver();
  const made = await call<{ webhook: { id: string } }>(here, "POST", "/webhooks", {
    ...asOwner(),
    body: { url: receiver.url, pipeline_id: team.pipelineId, events: null },
  });
  expect(made.status, made.body.message).toBe(201);
  const before = (await readLog(here, team.token)).length;
  const contact_id = aContactId();
  for (let value = 1; value <= 12; value += 1) {
    await Promise.all(
      [here, there].map((url, index) => patch(url, { contact_id, value: value * 10 + index })),
    );
  }
  const log = await readLog(there, team.token);
  await eventually(() => expect(receiver.seqs.at(-1)).toBe(log.length), 20_000);
  const expected = Array.from({ length: log.length - before }, (_, index) => before + index + 1);
  expect(receiver.seqs.filter((seq) => seq > before)).toEqual(expected);
});

test("[SP4] [SP7] who loses access while Redis is away is out when it is back, at the latest", async () => {
  const member = await invite(here, team.cookie, "member");
  const page = await aBoard(there, member.cookie);
  await cluster.redis.kill();
  await call(here, "DELETE", `/members/${member.userId}`, asOwner());
  expect((await patch(here, { contact_id: aContactId(), value: 5 })).status).toBe(200);
  // Counting tries goes on, each process for itself.
  const { email } = await invite(there, team.cookie, "member");
  await cluster.redis.start();
  // Being refused when it asks is not enough: who only listens must hear nothing more.
  await eventually(() => expect(page.socket.connected).toBe(false), 30_000);
  expect(page.revoked).toContain("no longer a member");
  cluster.redis.freeze();
  try {
    expect(await signIn(there, email)).not.toBe("");
  } finally {
    cluster.redis.thaw();
  }
});

test("[SP6] [PK2] whose day has come is woken once, although both processes look", async () => {
  const wakings = async (): Promise<number> => {
    const log = await readLog(there, team.token);
    const ofSleeper = log.filter(
      ({ contactId, type }) => contactId === sleeper && type !== "contact.created",
    );
    return ofSleeper.filter(({ after }) => after.parked === null).length;
  };
  await eventually(async () => expect(await wakings()).toBe(1), 60_000);
});

test("[SP6] [BK5] [IM7] an import goes on at the other process when its own one stops, each row once", async () => {
  const rows = ["username,name,value", ...Array.from({ length: 1_200 }, (_, i) => `row.${i},Row ${i},${i}`)];
  const { token } = team;
  const uploaded = await fetch(`${here}/api/v1/imports?name=leads.csv`, {
    method: "POST",
    headers: { "x-org-auth-token": token, "content-type": "text/csv" },
    body: rows.join("\n"),
  });
  const { data } = (await uploaded.json()) as { data: Import };
  const body = { mapping: data.mapping };
  const started = await call<Import>(here, "POST", `/imports/${data.id}/start`, { token, body });
  expect(started.status).toBeLessThan(300);
  await cluster.nodes[0]?.stop();
  expect(cluster.nodes[0]?.exitCode).toBe(0);
  await eventually(async () => {
    const { body } = await call<Import>(there, "GET", `/imports/${data.id}`, { token });
    expect(body.data.run).toMatchObject({ state: "done", done: 1_200, created: 1_200, refused: 0 });
  }, 60_000);
  const log = await readLog(there, token);
  const created = log.flatMap(({ type, after }) =>
    type === "contact.created" && after.username?.startsWith("row.") ? [after.username] : [],
  );
  expect([created.length, new Set(created).size]).toEqual([1_200, 1_200]);
});
