// Apart from the schemas, so that a page can know a limit without loading a validator.

export const FIRST_PAGE_SIZE = 40;
export const MAX_PAGE_SIZE = 200;
/** More missed events than this are answered with a fresh snapshot instead. */
export const MAX_CATCH_UP = 1_000;
export const HEARTBEAT_MS = 5_000;
