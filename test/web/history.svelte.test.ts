import { afterEach, describe, expect, test, vi } from "vitest";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import {
  History,
  type Concerns,
  type HistoryFeed,
  type HistoryPage,
  type HistoryView,
} from "../../web/src/lib/state/history.svelte.ts";

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
  readonly asked: {
    view: HistoryView;
    before: number | undefined;
    answer: (page: Omit<HistoryPage, "reached">) => void;
    fail: () => void;
  }[] = [];
  load = (view: HistoryView, before?: number) =>
    new Promise<HistoryPage>((resolve, reject) => {
      const answer = (page: Omit<HistoryPage, "reached">) => resolve({ reached: null, ...page });
      this.asked.push({ view, before, answer, fail: () => reject(new Error("down")) });
    });
}

const seqs = (history: History) => history.events.map(({ seq }) => seq);
const settled = () => new Promise((resolve) => setTimeout(resolve));

let history: History;
let feed: FakeFeed;
let server: FakeServer;

function open(concerns: Concerns = ({ contactId }) => contactId === "c1"): void {
  feed = new FakeFeed();
  server = new FakeServer();
  history = new History(feed, server.load, concerns);
}

afterEach(() => history.close());

describe("a contact's history", () => {
  test("[AC5] shows the newest page first and older ones below it", async () => {
    open();
    expect(history.starting).toBe(true);
    server.asked[0]?.answer({ events: [aNote(9), aNote(7)], next: 7 });
    await settled();
    expect(history.starting).toBe(false);
    void history.loadOlder();
    expect(server.asked[1]?.before).toBe(7);
    server.asked[1]?.answer({ events: [aNote(4)], next: null });
    await settled();
    expect(seqs(history)).toEqual([9, 7, 4]);
    expect(history.more).toBe(false);
  });

  test("[AC5] live lines come on top, each once, and only this contact's", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5)], next: null });
    await settled();
    feed.tell(aNote(6), aNote(7, { contactId: "c2" }), aNote(8, { type: "contact.reordered" }), aNote(9));
    feed.tell(aNote(6), aNote(9));
    expect(seqs(history)).toEqual([9, 6, 5]);
  });

  test("[AC5] a line that arrives while the page is on its way is neither lost nor doubled", async () => {
    open();
    feed.tell(aNote(6));
    feed.tell(aNote(7));
    server.asked[0]?.answer({ events: [aNote(6), aNote(5)], next: null });
    await settled();
    expect(seqs(history)).toEqual([7, 6, 5]);
  });

  test("[AC5] after a hole in the log everything is read again, and late answers to older questions are dropped", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5), aNote(4)], next: 1 });
    await settled();
    void history.loadOlder();
    for (const reload of feed.reloads) reload();
    server.asked[2]?.answer({ events: [aNote(40), aNote(39)], next: 1 });
    await settled();
    server.asked[1]?.answer({ events: [aNote(3)], next: null });
    await settled();
    expect(seqs(history)).toEqual([40, 39]);
    expect(history.more).toBe(true);
  });

  test("[AC5] a page that does not come says so and can be asked for again", async () => {
    open();
    server.asked[0]?.fail();
    await settled();
    expect(history.problem).toBe("The history could not be loaded.");
    void history.reload();
    expect(history.problem).toBeUndefined();
    server.asked[1]?.answer({ events: [aNote(1)], next: null });
    await settled();
    expect(seqs(history)).toEqual([1]);
  });

  test("[AC5] lines from before the page was opened are not new", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5)], next: null });
    await vi.waitFor(() => expect(history.openedAt).toBe(5));
    feed.tell(aNote(6));
    expect(history.events.filter(({ seq }) => seq > history.openedAt).map(({ seq }) => seq)).toEqual([6]);
  });

  test("[AC1] a view shows its own lines only, live ones as well, and late answers to another view are dropped", async () => {
    open();
    history.show({ kinds: ["messages"] });
    expect(server.asked[1]?.view).toEqual({ kinds: ["messages"] });
    server.asked[1]?.answer({ events: [], next: null });
    server.asked[0]?.answer({ events: [aNote(5)], next: null });
    await settled();
    feed.tell(aNote(6), aNote(7, { type: "contact.message_logged" }));
    expect(seqs(history)).toEqual([7]);
  });

  test("[AC5] while one reads further down new lines wait, and come when one asks for them", async () => {
    open();
    server.asked[0]?.answer({ events: [aNote(5)], next: null });
    await settled();
    history.reading = true;
    feed.tell(aNote(6));
    feed.tell(aNote(7));
    expect(seqs(history)).toEqual([5]);
    expect(history.waiting).toHaveLength(2);
    history.showWaiting();
    expect(seqs(history)).toEqual([7, 6, 5]);
  });

  test("[AC2] a line of a contact that is not known yet finds its place when it is", async () => {
    const known = new Map<string | null, boolean>([["c1", true]]);
    open(({ contactId }) => known.get(contactId));
    server.asked[0]?.answer({ events: [aNote(5)], next: null });
    await settled();
    feed.tell(aNote(6, { contactId: "c2" }), aNote(7), aNote(8, { contactId: "c3" }));
    expect(seqs(history)).toEqual([7, 5]);
    known.set("c2", true).set("c3", false);
    history.learn();
    expect(seqs(history)).toEqual([7, 6, 5]);
  });

  test("[AC4] a day of the past stays as it is", async () => {
    open();
    history.show({ until: "2026-03-01" });
    server.asked[1]?.answer({ events: [aNote(5)], next: null });
    await settled();
    feed.tell(aNote(6));
    expect(seqs(history)).toEqual([5]);
  });
});
