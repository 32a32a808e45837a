import type { Component } from "svelte";
import type { KeyAct } from "#lib/keys/key-map.ts";
import type { PalettePage } from "./commands.svelte.ts";

/** One entry of the palette. */
export type Command = {
  id: string;
  group: string;
  label: string;
  /** Other words that find it. */
  words?: string;
  /** What stands beside the label, quietly. */
  detail?: string;
  key?: KeyAct;
  icon?: Component<{ class?: string }>;
  colour?: string;
  face?: string;
  checked?: boolean;
  /** The choices that come next. */
  page?: PalettePage;
  run?: () => void;
  /** Any number of such entries may hold: the palette stays. */
  stays?: boolean;
};
