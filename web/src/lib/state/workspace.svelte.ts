import type { BoardSnapshot } from "@dmtracker/shared/contracts/board.ts";
import type { Session } from "@dmtracker/shared/contracts/people.ts";
import { createContext } from "svelte";
import * as viewSource from "#lib/api/views.ts";
import { loadBulks } from "#lib/api/bulk-actions.ts";
import { loadFollowUps } from "#lib/api/follow-ups.ts";
import { openBoardChannel, type BoardChannel, type LostAccess } from "#lib/realtime/board-channel.ts";
import { BulkActions } from "./bulk-actions.svelte.ts";
import { serverSource, startingWith } from "./board-source.ts";
import { Board } from "./board.svelte.ts";
import type { ContactList } from "./contact-list.svelte.ts";
import { DueCount } from "./due-count.svelte.ts";
import { storeChangesIn } from "./pending-changes.ts";
import { SavedViews, type ViewSource } from "./saved-views.svelte.ts";

type First = BoardSnapshot | Promise<BoardSnapshot>;

/**
 * What lives as long as someone is signed in, whatever page is open: one connection, one subscription. Board and
 * contact page look at the same contacts, so nothing can be missed between them (twentyhq/twenty#20242).
 */
export class Workspace {
  board = $state.raw<Board>();
  /** The contact list of that board, once it was opened: back from a contact it is still there, and still true. */
  contactList = $state.raw<ContactList>();
  /** What is due for the signed-in person. */
  due = $state.raw<DueCount>();
  /** The saved views of that board's pipeline. */
  views = $state.raw<SavedViews>();
  /** One's own acts on many contacts, whatever pipeline. */
  bulk = $state.raw<BulkActions>();
  /** Why access ended. */
  revoked = $state.raw<LostAccess>();
  /** What the signed-in person was told when they got another role. Everything goes on, with other rights. */
  newRole = $state.raw<{ reason: string }>();
  readonly #session: () => Session;
  #channel: BoardChannel | undefined;
  #release: (() => void) | undefined;

  /** Who is signed in stays; their role and the organization's name are read anew when they change. */
  constructor(session: () => Session) {
    this.#session = session;
  }

  get session(): Session {
    return this.#session();
  }

  /** Whatever page is open, losing access shows at once. */
  connect(): void {
    this.#channel ??= this.#openChannel();
  }

  /**
   * The board of a pipeline; the same one as long as the pipeline is the same. `first`: its first snapshot, if the page
   * has it, or has asked for it.
   */
  openPipeline(pipelineId: string, first?: First): Board {
    if (this.board?.pipelineId === pipelineId) return this.board;
    this.#closeBoard();
    this.bulk ??= new BulkActions(this.channel, this.session.user.id, loadBulks);
    this.views = new SavedViews(pipelineId, viewSource satisfies ViewSource, this.channel);
    const board = (this.board = this.#makeBoard(pipelineId, first));
    this.due = new DueCount(board, loadFollowUps, this.session.user.id);
    return board;
  }

  /** The live connection, for pages that do without a board. */
  get channel(): BoardChannel {
    return (this.#channel ??= this.#openChannel());
  }

  /** `make` comes from the page that shows it: a board does without that code. */
  openContactList(pipelineId: string, make: (board: Board) => ContactList): ContactList {
    const board = this.openPipeline(pipelineId);
    return (this.contactList ??= make(board));
  }

  /**
   * In a root of its own: what is derived inside a page freezes when that page goes, and a board outlives the page
   * that happened to open it.
   */
  #makeBoard(pipelineId: string, first: First | undefined): Board {
    let board: Board | undefined;
    this.#release = $effect.root(() => {
      board = new Board({
        pipelineId,
        session: this.session,
        channel: this.channel,
        source: first instanceof Promise ? startingWith(first) : serverSource,
        first: first instanceof Promise ? undefined : first,
        storage: storeChangesIn(localStorage, this.session.user.id, pipelineId),
      });
    });
    const made = board as unknown as Board;
    made.onRevoked((reason) => this.#end(reason));
    return made;
  }

  close(): void {
    this.#closeBoard();
    this.board = undefined;
    this.bulk?.close();
    this.bulk = undefined;
    this.#channel?.close();
    this.#channel = undefined;
  }

  #closeBoard(): void {
    this.contactList?.close();
    this.contactList = undefined;
    this.due?.close();
    this.due = undefined;
    this.views?.close();
    this.views = undefined;
    this.board?.close();
    this.#release?.();
  }

  #openChannel(): BoardChannel {
    const channel = openBoardChannel();
    channel.listen({
      revoked: (reason, cause) => this.#end(reason, cause),
      roleChanged: (reason) => (this.newRole = { reason }),
    });
    channel.connect();
    return channel;
  }

  #end(reason: string, cause: LostAccess["cause"] = "signed_out"): void {
    this.revoked ??= { cause, reason };
    // A refused answer is asked for again, as if it had been lost: who is out asks no more.
    this.contactList?.close();
    this.#channel?.close();
  }
}

export const [getWorkspace, setWorkspace] = createContext<Workspace>();
