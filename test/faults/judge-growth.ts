/** One look at a process that rests, by the names under which it is printed. */
export type Sample = { minute: number } & Record<string, number>;

export type Growth = { name: string; early: number; late: number; isFlat: boolean };

/** Code is compiled, caches fill: what the first looks show is the beginning and no level. */
const WARM_UP = 0.25;
/**
 * What a garbage collector that has not run yet may leave: a part of the level, and so much of anything. The driver
 * keeps as many connections to the database as were ever needed at once, a hundred at most.
 */
const MAY_GROW = 0.2;
const MAY_ADD: Record<string, number> = {
  "node MB": 25,
  "heap MB": 15,
  handles: 40,
  "redis MB": 5,
  "database MB": 60,
};
/** Three early and three late ones. */
const FEWEST = 8;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * Whether the later half of the looks, after a warm-up, stands higher than the earlier one by more than chance.
 * Medians, because one look may fall before a garbage collection. @returns nothing for fewer looks than say anything
 */
export function judge(samples: readonly Sample[]): Growth[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const [first] = warm;
  if (!first || samples.length < FEWEST) return [];
  const middle = Math.floor(warm.length / 2);
  return Object.keys(first)
    .filter((name) => name !== "minute")
    .map((name) => {
      const values = warm.map((sample) => sample[name] ?? 0);
      const [early, late] = [median(values.slice(0, middle)), median(values.slice(middle))];
      return { name, early, late, isFlat: late <= early * (1 + MAY_GROW) + (MAY_ADD[name] ?? 0) };
    });
}
