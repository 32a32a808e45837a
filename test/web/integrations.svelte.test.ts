import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { PipelineEventType } from "@dmtracker/shared/contracts/event.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { apiExamples } from "../../web/src/lib/integrations/api-examples.ts";
import { EVENT_GROUPS, eventsWords } from "../../web/src/lib/integrations/event-words.ts";
import { madeWords, usedWords } from "../../web/src/lib/integrations/used-words.ts";
import { webhookState } from "../../web/src/lib/integrations/webhook-words.ts";
import { isSettingsChange, Reread } from "../../web/src/lib/settings/reread.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Listener = (events: readonly PipelineEvent[]) => void;

function aFeed() {
  const listeners = new Set<Listener>();
  return {
    onEvents: (listener: Listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell: (type: PipelineEventType) => {
      for (const listener of listeners) listener([{ type } as PipelineEvent]);
    },
    listeners,
  };
}

test("[TK3] what others change shows without a reload, once for many events, and only for events that matter", async () => {
  const feed = aFeed();
  let asked = 0;
  const tokens = new Reread(feed, () => Promise.resolve([(asked += 1)]), { soon: isSettingsChange });
  await vi.advanceTimersByTimeAsync(0);
  expect(tokens.value).toEqual([1]);
  feed.tell("contact.created");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toBe(1);
  for (let times = 0; times < 5; times += 1) feed.tell("organization.changed");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(tokens.value).toEqual([2]);
  tokens.close();
  expect(feed.listeners.size).toBe(0);
});

test("[TK3] an answer that was asked for earlier does not overwrite a later one; a failure keeps what was read", async () => {
  const answers: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const read = new Reread(
    aFeed(),
    () => new Promise<string>((resolve, reject) => answers.push({ resolve, reject })),
  );
  const second = read.refresh();
  answers[1]?.resolve("newer");
  await second;
  answers[0]?.resolve("older");
  await vi.advanceTimersByTimeAsync(0);
  expect(read.value).toBe("newer");
  const third = read.refresh();
  answers[2]?.reject(new Error("away"));
  await third;
  expect([read.value, read.problem]).toEqual(["newer", "That did not work. Try again."]);
});

test("[TK2] a token tells in words who made it and when it was used", () => {
  const now = Date.parse("2026-11-22T12:00:00");
  const at = (ms: number) => new Date(now - ms).toISOString();
  expect(usedWords(null, now)).toBe("never used");
  expect(usedWords(at(240_000), now)).toBe("used 4 min ago");
  expect(usedWords(at(86_400_000), now)).toBe("used yesterday");
  expect(madeWords({ createdAt: at(30 * 86_400_000), createdBy: "Ana" }, now)).toBe(
    "Made by Ana on 23 Oct 2026",
  );
  expect(madeWords({ createdAt: at(0), createdBy: null }, now)).toBe("Made just now");
});

test("[API10] examples hold the address of this installation, and the token right after it was made", () => {
  const examples = apiExamples("https://sales.example.com");
  expect(examples.map(({ id }) => id)).toEqual(["curl", "javascript", "manychat", "n8n"]);
  for (const { code } of examples) {
    expect(code).toContain("https://sales.example.com/api/v1/contact/");
    expect(code).toContain("YOUR_TOKEN");
  }
  for (const { code } of apiExamples("https://x.example", "dmt_secret")) expect(code).toContain("dmt_secret");
  const n8n = examples.find(({ id }) => id === "n8n");
  expect(() => JSON.parse(n8n?.code ?? "") as unknown).not.toThrow();
});

test("[WH3] every type of event can be chosen, by a name of its own", () => {
  const words = EVENT_GROUPS.flatMap(({ types }) => Object.entries(types));
  expect(words.map(([type]) => type).toSorted()).toEqual(PipelineEventType.options.toSorted());
  expect(new Set(words.map(([, word]) => word)).size).toBe(words.length);
  expect(eventsWords(null)).toBe("Every event");
  expect(eventsWords(["contact.created", "contact.parked"])).toBe("Created and 1 more");
});

test("[WH4] [WH5] a webhook says how it is doing, what waits and when it is tried again", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const fine = { state: "active", pausedBecause: null, failing: null, seq: 9, head: 9 } as const;
  expect(webhookState(fine, now)).toMatchObject({
    word: "Active",
    detail: "Everything up to event 9 is delivered.",
  });
  const failing = {
    since: "2026-11-22T11:00:00Z",
    attempts: 4,
    nextAt: "2026-11-22T12:00:40Z",
    reason: "It answered 500",
  };
  expect(webhookState({ ...fine, head: 12, failing }, now)).toMatchObject({
    word: "Failing",
    detail: "It answered 500 (4 tries). 3 events wait, next try in 40 s.",
  });
  const paused = { ...fine, state: "paused", pausedBecause: "Paused by Ana.", head: 10 } as const;
  expect(webhookState(paused, now)).toMatchObject({
    word: "Paused",
    detail: "Paused by Ana. 1 event waits.",
  });
});
