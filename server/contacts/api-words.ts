import { AppError } from "#server/platform/app-error.ts";

/** Our names of fields in the words of the integration endpoints. */
const API_WORDS: Record<string, string> = {
  assigneeId: "assignee_id",
  displayName: "display_name",
  igId: "ig_id",
  lostReason: "lost_reason",
  manychatId: "manychat_id",
  stageId: "stage_id",
  followUp: "follow_up",
};

export const toApiWord = (name: string): string => API_WORDS[name] ?? name;

/** Waits for a use case and lets its refusals name fields as the caller does. */
export async function inApiWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const issues = error.issues.map(({ path, message }) => ({ path: toApiWord(path), message }));
    throw new AppError(error.code, error.message, { issues, cause: error });
  }
}
