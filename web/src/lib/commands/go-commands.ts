import { resolve } from "$app/paths";
import ArrowRightLeft from "@lucide/svelte/icons/arrow-right-left";
import History from "@lucide/svelte/icons/history";
import ListFilter from "@lucide/svelte/icons/list-filter";
import Keyboard from "@lucide/svelte/icons/keyboard";
import { goto } from "$app/navigation";
import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";
import { destinations } from "#lib/shell/navigation.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { SavedViews } from "#lib/state/saved-views.svelte.ts";
import { momentThen } from "#lib/time-machine/past-words.ts";
import { addressOf, addressOfView, PLACE_NAME } from "#lib/views/view-address.ts";
import type { Command } from "./command.ts";

type Places = {
  pipelines: readonly PipelineSummary[];
  board: Board;
  views: SavedViews | undefined;
  help: () => void;
};

// Addresses are resolved where they are made.
// eslint-disable-next-line svelte/no-navigation-without-resolve
const goTo = (address: string) => () => void goto(address);

function pages({ pipelines }: Places): Command[] {
  return destinations(pipelines).map(({ href, label, icon }) => ({
    id: `page:${href}`,
    group: "Go to",
    label,
    words: "go to page open",
    icon,
    run: goTo(href),
  }));
}

function past({ board: { pipelineId } }: Places): Command[] {
  const board = resolve("/(app)/pipeline/[pipelineId]", { pipelineId });
  return [
    {
      id: "past:moves",
      group: "Go to",
      label: "What moved since yesterday",
      words: "stand-up changes history moves",
      icon: ArrowRightLeft,
      run: goTo(resolve("/(app)/pipeline/[pipelineId]/moves", { pipelineId })),
    },
    {
      id: "past:board",
      group: "Go to",
      label: "The board at a past moment",
      words: "time machine history then before",
      icon: History,
      run: () => goTo(`${board}?at=${momentThen()}`)(),
    },
  ];
}

function savedViews({ views }: Places): Command[] {
  return (views?.all ?? []).map((view) => ({
    id: `view:${view.id}`,
    group: "Saved views",
    label: view.name,
    words: `view ${PLACE_NAME[view.place]}`,
    detail: PLACE_NAME[view.place],
    icon: ListFilter,
    run: goTo(addressOfView(view)),
  }));
}

function stages({ board }: Places): Command[] {
  return (board.pipeline?.stages ?? []).map(({ id, name, colour }) => ({
    id: `stage:${id}`,
    group: "Stages",
    label: name,
    words: "stage contacts in",
    detail: "Contacts",
    colour,
    run: goTo(addressOf("contacts", board.pipelineId, { filter: { stageId: [id] } })),
  }));
}

function people({ board }: Places): Command[] {
  return board.members.map(({ id, name, email }) => ({
    id: `person:${id}`,
    group: "People",
    label: name,
    words: `${email} contacts of`,
    detail: "Contacts",
    face: name,
    run: goTo(addressOf("contacts", board.pipelineId, { filter: { assigneeId: [id] } })),
  }));
}

/** Where one can go, in the order in which it is offered. */
export function goCommands(places: Places): Command[] {
  const keys: Command = {
    id: "help",
    group: "Go to",
    label: "All keys",
    words: "keyboard shortcuts help",
    key: "help",
    icon: Keyboard,
    run: places.help,
  };
  return [
    ...savedViews(places),
    ...pages(places),
    ...past(places),
    keys,
    ...stages(places),
    ...people(places),
  ];
}
