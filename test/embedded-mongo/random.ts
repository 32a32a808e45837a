/** Random whole numbers below a limit. */
export type Random = (below: number) => number;

/** Numbers that look random and are the same in every run with the same seed. */
export function aRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
