/** Id of the element in which a page carries them, as JSON. */
export const FIRST_ANSWERS_ID = "first-answers";

/** What the REST API would answer to what a page's script asks first: `data` by path below `/api/v1`. */
export type FirstAnswers = Record<string, unknown>;

/** Finds them for whoever asks for a page, and for the board it shows; undefined when the script has to ask. */
export type FindFirstAnswers = (pipelineId: string | undefined) => Promise<FirstAnswers | undefined>;
