import { expect, test } from "vitest";
import type { SavedView, ViewContent } from "@dmtracker/shared/contracts/view.ts";
import type { ChannelListener } from "../../web/src/lib/realtime/board-channel.ts";
import {
  contentOf,
  isModified,
  pageViewFromQuery,
  pageViewOf,
  pageViewToQuery,
} from "../../web/src/lib/state/page-view.ts";
import { SavedViews, type ViewSource } from "../../web/src/lib/state/saved-views.svelte.ts";

const pageOf = (query: string) => pageViewFromQuery(new URLSearchParams(query));
const id = (digit: string) => digit.repeat(24);

test("[SV5] an address says filter, order, columns, whose and which view, and reads back the same", () => {
  const query = `status=open,won&sort=value&direction=asc&columns=value,status&whose=everyone&view=${id("a")}`;
  const page = pageOf(query);
  expect(page).toMatchObject({ columns: ["value", "status"], whose: "everyone", viewId: id("a") });
  expect(pageViewFromQuery(pageViewToQuery(page))).toEqual(page);
  expect(pageOf("columns=value,value,nonsense,status").columns).toEqual(["value", "status"]);
  expect(pageViewToQuery(pageOf("")).toString()).toBe("");
});

test("[SV5] a view is modified when its page shows anything else, and not by the order of choices or a default said aloud", () => {
  const saved: ViewContent = {
    filter: { leadStatus: ["open", "won"] },
    sort: "last_message",
    direction: "desc",
  };
  expect(isModified(saved, pageOf("status=won,open"), "contacts")).toBe(false);
  expect(isModified(saved, pageOf("status=won,open&sort=value"), "contacts")).toBe(true);
  expect(isModified(saved, pageOf("status=won"), "contacts")).toBe(true);
  expect(isModified(saved, pageOf(""), "contacts")).toBe(true);
  expect(isModified(saved, pageOf("status=won,open&columns=value"), "contacts")).toBe(true);
  // A board has no order and no columns of a list.
  expect(isModified({ filter: saved.filter }, pageOf("status=open,won&sort=value"), "board")).toBe(false);
  expect(isModified({ filter: {}, whose: "mine" }, pageOf("whose=everyone"), "follow_ups")).toBe(true);
});

test("[SV5] what a page shows becomes a view that opens the same page", () => {
  const page = pageOf("status=open&sort=username&columns=status,value");
  const content = contentOf(page, "contacts");
  expect(pageViewOf(content)).toEqual(page);
  expect(contentOf(page, "board")).toEqual({ filter: { leadStatus: ["open"] } });
});

const aView = (digit: string, more: Partial<SavedView> = {}): SavedView => ({
  id: id(digit),
  name: digit,
  place: "contacts",
  pipelineId: "pipeline",
  content: { filter: {} },
  shared: false,
  ownerId: "me",
  isDefault: false,
  canEdit: true,
  ...more,
});

function aServer(views: SavedView[]) {
  let listener: Partial<ChannelListener> = {};
  const reads: ((views: SavedView[]) => void)[] = [];
  const server = {
    views,
    hold: false,
    reads,
    changed: (pipelineId = "pipeline") => listener.viewsChanged?.(pipelineId),
    connected: () => listener.connected?.(),
  };
  const find = (viewId: string) => server.views.find((view) => view.id === viewId) as SavedView;
  const source: ViewSource = {
    listViews: () =>
      server.hold ? new Promise((answer) => reads.push(answer)) : Promise.resolve([...server.views]),
    createView: (body) => Promise.resolve(aView("f", { ...body, content: { filter: body.filter } })),
    changeView: (viewId, change) => {
      server.views = server.views.map((view) =>
        view.id === viewId ? { ...view, name: change.name ?? "" } : view,
      );
      return Promise.resolve(find(viewId));
    },
    deleteView: (viewId) => {
      server.views = server.views.filter((view) => view.id !== viewId);
      return Promise.resolve();
    },
    setDefaultView: (viewId, isDefault) => {
      server.views = server.views.map((view) => ({ ...view, isDefault: view.id === viewId && isDefault }));
      return Promise.resolve(find(viewId));
    },
  };
  const saved = new SavedViews("pipeline", source, {
    listen: (told) => {
      listener = told;
      return () => (listener = {});
    },
  });
  return { server, saved };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("[SV4] the list is read anew at every word of change and with every connection, of this pipeline only", async () => {
  const { server, saved } = aServer([aView("a")]);
  await settled();
  server.views = [aView("a", { name: "Renamed elsewhere" }), aView("b", { place: "board" })];
  server.changed("another pipeline");
  await settled();
  expect(saved.all?.map(({ name }) => name)).toEqual(["a"]);
  server.changed();
  await settled();
  expect(saved.at("contacts").map(({ name }) => name)).toEqual(["Renamed elsewhere"]);
  expect(saved.at("board").map(({ name }) => name)).toEqual(["b"]);
  server.views = [];
  server.connected();
  await settled();
  expect(saved.all).toEqual([]);
});

test("[SV4] a list that was asked for before one's own change does not undo it", async () => {
  const { server, saved } = aServer([aView("a"), aView("b")]);
  await settled();
  server.hold = true;
  server.changed();
  await saved.change(id("a"), { name: "Mine" });
  server.reads[0]?.([aView("a"), aView("b")]);
  await settled();
  expect(saved.find(id("a"))?.name).toBe("Mine");
});

test("[SV3] one view of a place opens first", async () => {
  const { saved } = aServer([aView("a"), aView("b")]);
  await settled();
  await saved.setDefault(id("a"), true);
  await saved.setDefault(id("b"), true);
  expect(saved.all?.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(["b"]);
  expect(saved.defaultAt("contacts")?.id).toBe(id("b"));
  expect(saved.defaultAt("board")).toBeUndefined();
  await saved.remove(id("b"));
  expect(saved.find(id("b"))).toBeUndefined();
});
