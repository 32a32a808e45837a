import { afterEach, describe, expect, test, vi } from "vitest";
import type { ActivityPage } from "@dmtracker/shared/contracts/board.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import { ContactHistory, type HistoryFeed } from "../../web/src/lib/state/contact-history.svelte.ts";

function aNote(seq: number, fields: Partial<PipelineEvent> = {}): PipelineEvent {
  return {
    pipelineId: "p1",
    seq,
    type: "contact.note_added",
    contactId: "c1",
    username: "kim.fit",
    before: {},
    after: { note: `note ${seq}` },
    actor: { type: "user", id: "u1", name: "Ana" },
    cause: null,
    batchId: `b${seq}`,
    at: "2026-11-22T09:30:00.000Z",
    ...fields,
  };
}

class FakeFeed implements HistoryFeed {
  readonly listeners = new Set<(events: readonly PipelineEvent[]) => void>();
  readonly reloads = new Set<() => void>();
  onEvents = (listener: (events: readonly PipelineEvent[]) => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  onReload = (listener: () => void) => {
    this.reloads.add(listener);
    return () => this.reloads.delete(listener);
  };
  tell(...events: PipelineEvent[]): void {
    for (const listener of this.listeners) listener(events);
  }
}

/** A server whose answers are given by hand, in any order. */
class FakeServer {
  readonly asked: { before: number | undefined; answer: (page: ActivityPage) => void; fail: () => void }[] =
    [];
  load = (before?: number) =>
    new Promise<ActivityPage>((resolve, reject) => {
      this.asked.push({ before, answer: resolve, fail: () => reject(new Error("down")) });
    });
}

const seqs = (history: ContactHistory) => history.events.map(({ seq }) => seq);
const settled = () => new Promise((resolve) => setTimeout(resolve));

let history: ContactHistory;
let feed: FakeFeed;
let server: FakeServer;

function open(): void {
  feed = new FakeFeed();
  server = new FakeServer();
  history = new ContactHistory("c1", feed, server.load);
}

afterEach(() => history.close());

describe("a contact's history", () => {
  test("shows the newest page first and older ones below it", async () => {
    open();
    expect(history.starting).toBe(true);
    server.asked[0]?.answer({ events: [aNote(9), aNote(7)], more: true });
    await settled();
    expect(history.starting).toBe(false);
    void history.loadOlder();
    expect(server.asked[1]?.before).toBe(7);
    server.asked[1]?.answer({ events: [aNote(4)], more: false });
    await settled();
    expect(seqs(history)).toEqual([9, 7, 4]);
    expect(history.more).toBe(false);
  });

  test("live lines come on top, each once, and only this contact's", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5)], more: false });
    await settled();
    feed.tell(aNote(6), aNote(7, { contactId: "c2" }), aNote(8, { type: "contact.reordered" }), aNote(9));
    feed.tell(aNote(6), aNote(9));
    expect(seqs(history)).toEqual([9, 6, 5]);
  });

  test("a line that arrives while the page is on its way is neither lost nor doubled", async () => {
    open();
    feed.tell(aNote(6));
    feed.tell(aNote(7));
    server.asked[0]?.answer({ events: [aNote(6), aNote(5)], more: false });
    await settled();
    expect(seqs(history)).toEqual([7, 6, 5]);
  });

  test("after a hole in the log everything is read again, and late answers to older questions are dropped", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5), aNote(4)], more: true });
    await settled();
    void history.loadOlder();
    for (const reload of feed.reloads) reload();
    server.asked[2]?.answer({ events: [aNote(40), aNote(39)], more: true });
    await settled();
    server.asked[1]?.answer({ events: [aNote(3)], more: false });
    await settled();
    expect(seqs(history)).toEqual([40, 39]);
    expect(history.more).toBe(true);
  });

  test("a page that does not come says so and can be asked for again", async () => {
    open();
    server.asked[0]?.fail();
    await settled();
    expect(history.problem).toBe("The history could not be loaded.");
    void history.reload();
    expect(history.problem).toBeUndefined();
    server.asked[1]?.answer({ events: [aNote(1)], more: false });
    await settled();
    expect(seqs(history)).toEqual([1]);
  });

  test("lines from before the page was opened are not new", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5)], more: false });
    await vi.waitFor(() => expect(history.openedAt).toBe(5));
    feed.tell(aNote(6));
    expect(history.events.filter(({ seq }) => seq > history.openedAt).map(({ seq }) => seq)).toEqual([6]);
  });
});
