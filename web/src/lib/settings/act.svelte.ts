import { ApiError } from "#lib/api/client.ts";

export function sentence(error: unknown): string {
  return error instanceof ApiError ? error.message : "That did not work. Try again.";
}

/** One thing that a person asks of the server: whether it is under way, and why it was refused. */
export class Act {
  busy = $state(false);
  problem = $state<string>();

  /** The answer; undefined when it was refused, or when it is under way already. */
  async run<Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.problem = undefined;
    try {
      return await work();
    } catch (error) {
      this.problem = sentence(error);
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}
