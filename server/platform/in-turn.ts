/** Gives results back in the order in which they were asked for, however long each takes to be ready. */
export type InTurn = <T>(ready: Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(ready: Promise<T>): Promise<T> => {
    // A failure is its caller's alone: it must neither stop the line nor count as unhandled while it waits.
    ready.catch(() => undefined);
    const turn = last.then(() => ready);
    last = turn.catch(() => undefined);
    return turn;
  };
}
