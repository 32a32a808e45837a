import { may } from "@dmtracker/shared/contracts/rights.ts";
import type { PipelineSummary } from "@dmtracker/shared/contracts/pipeline.ts";
import type { Board } from "#lib/state/board.svelte.ts";
import type { Workspace } from "#lib/state/workspace.svelte.ts";

/** Coming from a board the settings are that board's; else the first pipeline's. */
export function openSettingsBoard(
  workspace: Workspace,
  pipelines: readonly PipelineSummary[],
): Board | undefined {
  const [first] = pipelines;
  return workspace.board ?? (first && workspace.openPipeline(first.id));
}

export const mayConfigure = ({ session }: Workspace): boolean => may(session.role, "organization:configure");
