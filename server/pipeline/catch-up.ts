import { MAX_CATCH_UP } from "@dmtracker/shared/contracts/limits.ts";
import type { PipelineEvent } from "@dmtracker/shared/contracts/event.ts";
import type { JoinReply } from "@dmtracker/shared/contracts/realtime.ts";
import { findEventsAfter } from "#server/activity/event.store.ts";
import { createGate } from "#server/platform/gate.ts";
import { sharedRead } from "#server/platform/shared-read.ts";
import { findHeads } from "./pipeline.store.ts";

/** After a process has died everybody comes at once: commits must still get their turn at the database. */
const AT_ONCE = 16;

const gate = createGate(AT_ONCE);
/** A whole office that was cut off together has missed the same: it is read once. */
const readHead = sharedRead((pipelineId) =>
  gate(async () => (await findHeads([pipelineId])).get(pipelineId)),
);
const readMissed = sharedRead((key): Promise<PipelineEvent[]> => {
  const [pipelineId = "", since] = key.split(" ");
  return gate(() => findEventsAfter(pipelineId, Number(since), MAX_CATCH_UP));
});

/** What a client missed since its last `seq`, or the word that it needs a snapshot. */
export async function catchUp(pipelineId: string, since: number | undefined): Promise<JoinReply> {
  const head = (await readHead(pipelineId)) ?? 0;
  if (since === undefined || since > head || head - since > MAX_CATCH_UP)
    return { seq: head, snapshot: true };
  if (since === head) return { seq: head, events: [] };
  const events = await readMissed(`${pipelineId} ${since}`);
  // Old events that were no history are forgotten after a while: a log with holes is no catch-up.
  const isWhole =
    events.every(({ seq }, index) => seq === since + index + 1) && events.length >= head - since;
  return isWhole ? { seq: events.at(-1)?.seq ?? head, events } : { seq: head, snapshot: true };
}
