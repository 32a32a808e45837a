import { ApiError } from "#lib/api/client.ts";

function sentence(error: unknown): string {
  if (!(error instanceof ApiError)) return "That did not work. Try again.";
  if (error.code === "network") return "The server does not answer. Check your connection and try again.";
  if (error.code === "internal" || error.code === "busy")
    return "The server has a problem. Try again in a moment.";
  return error.message;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What a form is told about being sent: under way, what is wrong and with which field. */
export class Submission {
  busy = $state(false);
  /** What belongs to no field that the form shows. */
  problem = $state<string>();
  #fields = $state.raw<Record<string, string>>({});
  readonly #shown: readonly string[];

  constructor(...fields: string[]) {
    this.#shown = fields;
  }

  of(field: string): string | undefined {
    return this.#fields[field];
  }

  /** Runs once at a time. @returns whether it worked */
  async run(send: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    this.#fields = {};
    try {
      await send();
      return true;
    } catch (error) {
      this.#tell(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  #tell(error: unknown): void {
    const issues = error instanceof ApiError ? error.issues : [];
    const known = issues.filter(({ path }) => this.#shown.includes(path));
    this.#fields = Object.fromEntries(known.map(({ path, message }) => [path, capital(message)]));
    if (known.length === 0) this.problem = sentence(error);
  }
}
