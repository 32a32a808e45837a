import AlarmClock from "@lucide/svelte/icons/alarm-clock";
import CircleDot from "@lucide/svelte/icons/circle-dot";
import CirclePause from "@lucide/svelte/icons/circle-pause";
import SquareKanban from "@lucide/svelte/icons/square-kanban";
import Tag from "@lucide/svelte/icons/tag";
import Trash from "@lucide/svelte/icons/trash-2";
import UserRound from "@lucide/svelte/icons/user-round";
import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";
import { LEAD_STATUS_LABEL } from "@dmtracker/shared/contracts/labels.ts";
import { LEAD_STATUSES } from "#lib/contact/lead-status-look.ts";
import { isParked } from "@dmtracker/shared/pipeline/parking.ts";
import { parkPresets } from "#lib/follow-ups/park-contact.ts";
import { presets } from "#lib/follow-ups/due-words.ts";
import { STATUS_OF, type KeyAct } from "#lib/keys/key-map.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { Command } from "./command.ts";
import type { PalettePage } from "./commands.svelte.ts";

export type ContactHands = {
  change(change: ContactChange): void;
  /** Asks for a day and a note. */
  planDay(): void;
  /** Asks until which day, and why. */
  askAndPark(): void;
  open(): void;
};

type Subject = { contact: Contact; board: Board; hands: ContactHands };

const STATUS_KEY = new Map(Object.entries(STATUS_OF).map(([act, status]) => [status, act as KeyAct]));

export const PAGE_TITLE: Record<Exclude<PalettePage, "all">, string> = {
  status: "Lead status",
  move: "Move to",
  assign: "Assign to",
  tags: "Tags",
  followUp: "Follow up",
  park: "Park until",
};

function statuses({ contact, hands }: Subject, group: string): Command[] {
  return LEAD_STATUSES.map((status) => ({
    id: `status:${status}`,
    group,
    label: LEAD_STATUS_LABEL[status],
    words: "lead status mark as",
    key: STATUS_KEY.get(status) as KeyAct,
    colour: `var(--color-${status}-mark)`,
    checked: contact.leadStatus === status,
    run: () => hands.change({ status }),
  }));
}

function stages({ contact, board, hands }: Subject, group: string): Command[] {
  return (board.pipeline?.stages ?? []).map(({ id, name, colour }) => ({
    id: `move:${id}`,
    group,
    label: name,
    words: "move stage",
    colour,
    checked: contact.stageId === id,
    run: () => {
      if (contact.stageId !== id) hands.change({ stageId: id });
    },
  }));
}

function people({ contact, board, hands }: Subject, group: string): Command[] {
  const me = board.members.filter(({ id }) => id === board.me.id);
  const others = board.members.filter(({ id }) => id !== board.me.id);
  return [
    ...[...me, ...others].map(({ id, name, email }) => ({
      id: `assign:${id}`,
      group,
      label: name,
      words: id === board.me.id ? `me ${email}` : email,
      detail: id === board.me.id ? "You" : "",
      face: name,
      checked: contact.assigneeId === id,
      run: () => hands.change({ assigneeId: id }),
    })),
    {
      id: "assign:nobody",
      group,
      label: "Nobody",
      words: "unassign",
      icon: UserRound,
      checked: contact.assigneeId === null,
      run: () => hands.change({ assigneeId: null }),
    },
  ];
}

function tags({ contact, board, hands }: Subject, group: string): Command[] {
  return board.tags.map(({ id, name, colour }) => {
    const checked = contact.tagIds.includes(id);
    return {
      id: `tag:${id}`,
      group,
      label: name,
      words: "tag",
      colour,
      checked,
      stays: true,
      run: () => hands.change({ tags: checked ? { remove: [id] } : { add: [id] } }),
    };
  });
}

function days({ contact, board, hands }: Subject, group: string): Command[] {
  const soon: Command[] = presets(Date.now(), board.settings.timeZone).map(({ label, hint, dueAt }) => ({
    id: `due:${label}`,
    group,
    label,
    detail: hint,
    icon: AlarmClock,
    run: () => {
      const note = contact.followUp?.note ?? null;
      hands.change({ followUp: { act: "schedule", dueAt, note } });
    },
  }));
  const more: Command[] = [
    {
      id: "due:day",
      group,
      label: "Pick a day or write a note …",
      icon: AlarmClock,
      run: () => hands.planDay(),
    },
  ];
  if (contact.followUp) {
    more.push(
      {
        id: "due:done",
        group,
        label: "Complete",
        run: () => hands.change({ followUp: { act: "complete" } }),
      },
      { id: "due:none", group, label: "Remove the follow-up", run: () => hands.change({ followUp: null }) },
    );
  }
  return [...soon, ...more];
}

function parking({ contact, board, hands }: Subject, group: string): Command[] {
  if (contact.leadStatus !== "open") return [];
  const reason = contact.parked?.reason ?? null;
  const presets = parkPresets(Date.now(), board.settings.timeZone).map(({ label, hint, until }) => ({
    id: `park:${label}`,
    group,
    label,
    detail: hint,
    icon: CirclePause,
    run: () => hands.change({ parked: { until, reason } }),
  }));
  const ask = { id: "park:day", group, label: "Pick a day, say why …", icon: CirclePause };
  const wake = { id: "park:wake", group, label: "Wake now", run: () => hands.change({ parked: null }) };
  return [
    ...(isParked(contact, Date.now()) ? [wake] : []),
    ...presets,
    { ...ask, run: () => hands.askAndPark() },
  ];
}

const CHOICES = { status: statuses, move: stages, assign: people, tags, followUp: days, park: parking };

/** The choices of one act. */
export function choicesOf(page: Exclude<PalettePage, "all">, subject: Subject): Command[] {
  return CHOICES[page](subject, PAGE_TITLE[page]);
}

/** What can be done with the contact in hand: acts first; their choices are found by name as well. */
export function contactCommands(subject: Subject): Command[] {
  const { contact, hands } = subject;
  const group = `@${contact.username}`;
  const acts: Command[] = [
    { id: "do:open", group, label: "Open", key: "open", run: () => hands.open() },
    { id: "do:move", group, label: "Move to …", key: "move", icon: SquareKanban, page: "move" },
    { id: "do:status", group, label: "Set Lead Status …", key: "status", icon: CircleDot, page: "status" },
    { id: "do:assign", group, label: "Assign to …", key: "assign", icon: UserRound, page: "assign" },
    {
      id: "do:followUp",
      group,
      label: "Schedule a follow-up …",
      key: "followUp",
      icon: AlarmClock,
      page: "followUp",
    },
    ...(contact.leadStatus === "open"
      ? [
          {
            id: "do:park",
            group,
            label: "Park until …",
            key: "park",
            icon: CirclePause,
            page: "park",
          } as const,
        ]
      : []),
    { id: "do:tags", group, label: "Tags …", key: "tags", icon: Tag, page: "tags" },
    {
      id: "do:remove",
      group,
      label: "Remove this contact",
      words: "delete archive",
      icon: Trash,
      run: () => hands.change({ removed: true }),
    },
  ];
  return acts;
}

/** The same acts with their choice already made: "move to interested", "assign marcus". */
export function contactShortcuts(subject: Subject): Command[] {
  const group = `@${subject.contact.username}`;
  const named = (verb: string, commands: Command[]) =>
    commands.map((command) => ({ ...command, label: `${verb} ${command.label}` }));
  return [
    ...named("Mark as", statuses(subject, group)),
    ...named("Move to", stages(subject, group)),
    ...named("Assign to", people(subject, group)),
  ];
}
