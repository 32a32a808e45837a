import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { EventFeed } from "@dmtracker/shared/pipeline/event-feed.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ana } from "../support/factories.ts";

const event = (seq: number): PipelineEvent => ({
  pipelineId: "p",
  seq,
  type: "contact.note_added",
  contactId: "c",
  username: "kim.fit",
  before: {},
  after: {},
  actor: ana,
  cause: null,
  batchId: "b",
  at: "2026-03-01T00:00:00.000Z",
});

test("[RT3] duplicates and disorder are harmless: each event comes out once, in order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.nat(59), { maxLength: 200 }),
      (count, arrivals) => {
        const feed = new EventFeed(0);
        const out: number[] = [];
        const take = (events: PipelineEvent[]) => out.push(...feed.receive(events).map(({ seq }) => seq));
        for (const arrival of arrivals) if (arrival < count) take([event(arrival + 1)]);
        // Whatever is missing is fetched after the gap, as a client does.
        while (feed.seq < count)
          take(Array.from({ length: count - feed.seq }, (_, index) => event(feed.seq + index + 1)));
        expect(out).toEqual(Array.from({ length: count }, (_, index) => index + 1));
        expect(feed.gap).toBeUndefined();
      },
    ),
  );
});

test("[RT4] rivals 1: what is missing is asked for by number, however long ago it happened", () => {
  const feed = new EventFeed(5);
  expect(feed.receive([event(8)])).toEqual([]);
  expect(feed.gap).toBe(5);
  expect(feed.behind).toBe(3);
  expect(feed.receive([event(6), event(7)]).map(({ seq }) => seq)).toEqual([6, 7, 8]);
  expect(feed.gap).toBeUndefined();
});

test("[RT5] rivals 5: a heartbeat ahead of what was heard opens a gap", () => {
  const feed = new EventFeed(3);
  feed.noticeHead(4);
  expect(feed.gap).toBe(3);
});

test("[RT4] a snapshot drops what it contains and keeps what came after it", () => {
  const feed = new EventFeed(0);
  feed.receive([event(9), event(12)]);
  expect(feed.restart(11).map(({ seq }) => seq)).toEqual([12]);
  expect(feed.seq).toBe(12);
});
