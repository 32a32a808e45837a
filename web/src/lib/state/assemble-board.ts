import type { Actor } from "@dmtracker/shared/contracts/people.ts";
import type { BoardChannel } from "#lib/realtime/board-channel.ts";
import { BoardFilter } from "./board-filter.svelte.ts";
import { BoardIntake } from "./board-intake.ts";
import type { BoardNews } from "./board-news.ts";
import type { BoardSource } from "./board-source.ts";
import { BoardSurface } from "./board-surface.svelte.ts";
import { BoardSync } from "./board-sync.ts";
import { BoardTruth } from "./board-truth.svelte.ts";
import { ChangeSender } from "./change-sender.ts";
import { ColumnLoader } from "./column-loader.ts";
import { HeldContacts } from "./held-contacts.ts";
import { LiveDirectory } from "./live-directory.svelte.ts";
import type { LiveState } from "./live-state.svelte.ts";
import { OwnChanges } from "./own-changes.svelte.ts";
import type { ChangeStorage } from "./pending-changes.ts";
import { Presence } from "./presence.svelte.ts";
import { SnapshotLoader } from "./snapshot-loader.svelte.ts";

export type AssemblyGround = {
  pipelineId: string;
  me: Actor & { id: string };
  channel: BoardChannel;
  source: BoardSource;
  storage: ChangeStorage;
  live: LiveState;
  news: BoardNews;
};

export type BoardParts = ReturnType<typeof assembleBoard>;

/** Makes the parts of a board and hands each the others that it works with. Nothing runs before a snapshot is there. */
export function assembleBoard({ pipelineId, me, channel, source, storage, live, news }: AssemblyGround) {
  const truth = new BoardTruth();
  const directory = new LiveDirectory(() => source.loadDirectory());
  const presence = new Presence(channel, pipelineId, me.id);
  const sync: BoardSync = new BoardSync(channel, pipelineId, live, {
    apply: (events) => intake.apply(events),
    reload: () => snapshots.load(),
    joined() {
      const taken = sender.start();
      held.want(taken);
      if (taken.length > 0) surface.settle(taken);
      presence.tell();
      columnLoader.retryFailed();
    },
    lost() {
      sender.stop();
      presence.forget();
    },
    presence: (viewers) => presence.hear(viewers),
    revoked: (reason) => {
      filter.stop();
      news.revoked.tell(reason);
    },
  });
  const sender: ChangeSender = new ChangeSender(channel, storage, {
    acknowledged: (seq) => intake.acknowledge(seq),
    refused: (pending, error) => own.hearRefused(pending, error),
    undone: (pending, answer) => own.hearUndone(pending, answer),
  });
  const filter: BoardFilter = new BoardFilter({
    timeZone: () => directory.settings.timeZone,
    shown: (id) => surface.contact(id),
    isWaiting: (id) => surface.waitingFor(id) > 0,
    review: (ids) => surface.settle(ids ?? surface.placedIds),
    reload: () => sync.startOver(),
    count: async (wanted) => (await source.loadBoard(pipelineId, wanted)).filtered,
  });
  const surface: BoardSurface = new BoardSurface({ me, truth, directory, filter, sender, live, news });
  const held: HeldContacts = new HeldContacts({ pipelineId, source, truth, surface, sync });
  const intake: BoardIntake = new BoardIntake({
    truth,
    directory,
    filter,
    sender,
    surface,
    held,
    sync,
    news,
  });
  const snapshots: SnapshotLoader = new SnapshotLoader({ pipelineId, source, truth, intake });
  const reading = { truth, filter, surface, held, sync, snapshots };
  const columnLoader: ColumnLoader = new ColumnLoader({ pipelineId, source, ...reading });
  const own: OwnChanges = new OwnChanges({ me, truth, filter, surface, sender, held, news });
  return { truth, directory, presence, sync, sender, filter, surface, held, snapshots, columnLoader, own };
}
