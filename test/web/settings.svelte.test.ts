import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { CountedTag } from "@dmtracker/shared/contracts/organization-rest.ts";
import type { RulePreview } from "@dmtracker/shared/contracts/rule-preview.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { placed, Reorder } from "../../web/src/lib/settings/reorder.svelte.ts";
import { Preview } from "../../web/src/lib/settings/rule-preview.svelte.ts";
import { changesTagCounts, isSettingsChange, Reread } from "../../web/src/lib/settings/reread.svelte.ts";
import { matchingZones, timeZones } from "../../web/src/lib/settings/time-zones.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("[ST2] a lifted row goes step by step, what others do meanwhile keeps its place, Escape puts it back", async () => {
  let ids = $state.raw(["a", "b", "c"]);
  const asked: unknown[] = [];
  let answer: () => void = () => undefined;
  const order = new Reorder(
    () => ids,
    (id, after) => {
      asked.push([id, after]);
      return new Promise<void>((resolve) => (answer = resolve));
    },
  );
  order.lift("c", "keyboard");
  order.step(-1);
  order.step(-1);
  order.step(-1);
  expect(order.ids).toEqual(["c", "a", "b"]);
  ids = ["new", "a", "b", "c"];
  expect(order.ids).toEqual(["c", "new", "a", "b"]);
  order.cancel();
  expect(order.ids).toEqual(["new", "a", "b", "c"]);
  order.lift("a", "keyboard");
  order.step(1);
  const dropped = order.drop();
  // It hangs where it was dropped until the log tells it.
  expect(order.ids).toEqual(["new", "b", "a", "c"]);
  ids = ["new", "b", "a", "c"];
  answer();
  await dropped;
  expect(order.ids).toEqual(["new", "b", "a", "c"]);
  order.lift("b", "keyboard");
  await order.drop();
  expect(asked).toEqual([["a", "b"]]);
});

test("[ST2] a row whose neighbour is gone stands where it stood", () => {
  expect(placed(["a", "b"], { id: "b", after: "gone" })).toEqual(["a", "b"]);
  expect(placed(["a"], { id: "gone", after: "a" })).toEqual(["a"]);
});

test("[AU8] only the last version of a rule that is being written is asked for, and only its answer shows", async () => {
  const asked: string[] = [];
  const answers = new Map<string, (answer: RulePreview) => void>();
  const preview = new Preview<string>((wanted) => {
    asked.push(wanted);
    return new Promise((resolve) => answers.set(wanted, resolve));
  });
  const told = (total: number): RulePreview => ({
    since: null,
    times: total,
    total,
    contacts: [],
    partial: false,
  });
  preview.ask("first");
  preview.ask("second");
  expect(preview.busy).toBe(true);
  await vi.advanceTimersByTimeAsync(300);
  preview.ask("third");
  await vi.advanceTimersByTimeAsync(300);
  expect(asked).toEqual(["second", "third"]);
  answers.get("third")?.(told(3));
  await vi.advanceTimersByTimeAsync(0);
  answers.get("second")?.(told(2));
  await vi.advanceTimersByTimeAsync(0);
  expect(preview.answer?.total).toBe(3);
  expect(preview.busy).toBe(false);
  preview.ask(undefined);
  expect(preview.answer).toBeUndefined();
});

test("[TG1] counts follow the events, not more than once in a while; a new name shows at once", async () => {
  let tell: (events: readonly PipelineEvent[]) => void = () => undefined;
  let loads = 0;
  const tag: CountedTag = { id: "t", name: "VIP", colour: "#64748b", contacts: 0 };
  const tags = new Reread(
    {
      onEvents: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    () => Promise.resolve([{ ...tag, contacts: ++loads }]),
    { now: isSettingsChange, soon: changesTagCounts },
  );
  await vi.advanceTimersByTimeAsync(0);
  expect(tags.value?.[0]?.contacts).toBe(1);
  const event = (type: PipelineEvent["type"]) => [{ type, after: {} } as PipelineEvent];
  for (let count = 0; count < 20; count += 1) tell(event("contact.tags_changed"));
  tell(event("contact.stage_changed"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(loads).toBe(2);
  tell(event("organization.changed"));
  await vi.advanceTimersByTimeAsync(0);
  expect(loads).toBe(3);
  tags.close();
});

test("[SE1] a time zone is found by the beginning of any of its words", () => {
  const zones = timeZones();
  expect(zones[0]).toBe("UTC");
  expect(matchingZones(zones, "berl")).toEqual(["Europe/Berlin"]);
  expect(matchingZones(zones, "york new")).toContain("America/New_York");
  expect(matchingZones(zones, "nowhere at all")).toEqual([]);
});
