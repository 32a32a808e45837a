/** One read that is under way, and the one that all who came since will share. */
type Turn<Value> = { running: Promise<Value>; next: Promise<Value> | undefined };

/**
 * Lets callers who ask for the same thing at the same time share one read. Nobody gets an answer that was read
 * before they asked: who comes while a read is under way waits for the next one.
 */
export function sharedRead<Value>(read: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const turns = new Map<string, Turn<Value>>();

  function start(key: string): Promise<Value> {
    const turn: Turn<Value> = { running: read(key), next: undefined };
    turns.set(key, turn);
    const settle = (): void => {
      if (!turn.next) turns.delete(key);
    };
    turn.running.then(settle, settle);
    return turn.running;
  }

  return (key) => {
    const turn = turns.get(key);
    if (!turn) return start(key);
    const begin = () => start(key);
    turn.next ??= turn.running.then(begin, begin);
    return turn.next;
  };
}
