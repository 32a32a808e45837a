import { createServer as createTcpServer, type AddressInfo } from "node:net";
import type { MadeWebhook, WebhookDelivery } from "@dmtracker/shared/contracts/webhooks.ts";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server.ts";
import { aClock, webhooksAt } from "../support/webhooks.ts";

const HOUR = 3_600_000;
const { now, pass } = aClock();
const server = await startServer({
  now,
  webhooksEveryMs: 40,
  webhookAnswerMs: 4_000,
  variables: { WEBHOOK_ALLOW_PRIVATE: "1" },
});
const { ask, aHook, create, show } = webhooksAt(server);

test("[WH4] [WH8] who hangs is left when the time to answer is over, and of an endless answer only the beginning is read", async () => {
  const hook = await aHook();
  const { organization, receiver, id } = hook;
  receiver.behave = () => undefined;
  const ping = () => ask<{ delivery: WebhookDelivery }>(organization, "POST", `/${id}/ping`);
  const hung = await ping();
  expect(hung.body.data.delivery).toMatchObject({
    ok: false,
    status: null,
    problem: "No answer within 4 s",
  });
  receiver.behave = (response) => {
    const flood = () => {
      if (!response.destroyed && response.write("x".repeat(65_536))) setImmediate(flood);
    };
    response.on("drain", flood);
    flood();
  };
  const endless = await ping();
  expect(endless.body.data.delivery).toMatchObject({ ok: true, status: 200 });
  expect(endless.body.data.delivery.answer.length).toBeLessThanOrEqual(1_024);
  receiver.behave = (response) => void response.writeHead(302, { location: receiver.url }).end();
  const moved = await ping();
  expect(moved.body.data.delivery).toMatchObject({ ok: false, status: 302 });
  expect(receiver.received.at(-1)?.type).toBe("ping");
});

test("[WH4] who answers late holds up what is behind it, and who answers too late gets the same event again", async () => {
  const hook = await aHook({ events: ["contact.created"] });
  const { organization, receiver } = hook;
  const late: (() => void)[] = [];
  receiver.behave = (response) => void late.push(() => void response.end("thanks"));
  const seqs = [await create(organization, "a"), await create(organization, "b")];
  await eventually(() => expect(receiver.seqs).toEqual(seqs.slice(0, 1)));
  await eventually(async () => expect((await show(hook)).failing?.reason).toBe("No answer within 4 s"));
  // Nobody listens to this any more.
  late[0]?.();
  expect(receiver.seqs).toEqual(seqs.slice(0, 1));
  pass(HOUR);
  await eventually(() => expect(receiver.seqs).toEqual([seqs[0], seqs[0]]));
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect((await show(hook)).seq).toBeLessThan(seqs[0] ?? 0);
  late[1]?.();
  await eventually(() => expect(receiver.seqs).toEqual([seqs[0], ...seqs]));
  late[2]?.();
  await eventually(async () => expect(await show(hook)).toMatchObject({ seq: seqs[1], failing: null }));
});

test("[WH8] a receiver that breaks off, or speaks no HTTP, is a failure in plain words", async () => {
  const rude = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume().end("hello\r\n");
  });
  await new Promise<void>((resolve) => rude.listen(0, "127.0.0.1", resolve));
  const { port } = rude.address() as AddressInfo;
  const organization = await server.anOrganization();
  const url = `http://127.0.0.1:${port}`;
  const { body } = await ask<MadeWebhook>(organization, "POST", "", { url });
  const { body: pinged } = await ask<{ delivery: WebhookDelivery }>(
    organization,
    "POST",
    `/${body.data.webhook.id}/ping`,
  );
  expect(pinged.data.delivery).toMatchObject({ ok: false, status: null });
  expect(pinged.data.delivery.problem).toMatch(/^The connection/);
  await new Promise((resolve) => rude.close(resolve));
});
