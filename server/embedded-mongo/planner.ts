import type { Collection, Index, IndexField } from "./catalog.ts";
import { ensure } from "./errors.ts";
import { AFTER, encodeKey, inverted } from "./key-encoding.ts";
import { type Filter, type Term, compileFilter } from "./match.ts";
import { isArrayIndex } from "./paths.ts";
import type { Range, ScanTarget } from "./scan.ts";
import type { Sort } from "./sort.ts";
import { type Doc, Oid, type Value, isNumeric, toNumber, typeNumber } from "./values.ts";

/** How a query finds its documents. Several scans serve the branches of an `$or`. */
export type Plan = {
  scans: ScanTarget[];
  /** The scan delivers the order that was asked for. */
  sorted: boolean;
  /** Every document found matches: the filter need not be tested again. */
  exact: boolean;
};

const MAX_POINTS = 2000;

type Candidate = {
  index: Index;
  ranges: Range[];
  points: number;
  ranged: boolean;
  sorted: boolean;
  backward: boolean;
  exact: boolean;
};

export function planQuery(collection: Collection, filter: Filter, sort?: Sort, hint?: Value): Plan {
  if (hint !== undefined) return planHinted(collection, filter, sort, hint);
  const best = bestCandidate(collection, filter, sort);
  if (best && best.points > 0) return planOf(collection, best);
  const union = planBranches(collection, filter);
  if (union) return union;
  if (best && (best.ranged || (sort && best.sorted))) return planOf(collection, best);
  return collectionScan(collection, filter, sort);
}

function planOf(collection: Collection, { index, ranges, sorted, backward, exact }: Candidate): Plan {
  return { scans: [{ collection, index, ranges, backward }], sorted, exact };
}

function collectionScan(collection: Collection, filter: Filter, sort?: Sort): Plan {
  const natural = sort?.[0]?.path === "$natural" ? sort[0] : undefined;
  return {
    scans: [{ collection, ranges: [], backward: natural?.descending ?? false }],
    sorted: !sort || natural !== undefined,
    exact: filter.conditions.length === 0,
  };
}

function planHinted(collection: Collection, filter: Filter, sort: Sort | undefined, hint: Value): Plan {
  if (hint instanceof Map && hint.has("$natural")) {
    const plan = collectionScan(collection, filter, sort);
    if (!sort) plan.scans[0]!.backward = toNumber(hint.get("$natural")) === -1;
    return plan;
  }
  const index = collection.indexes.find((candidate) => isNamedBy(candidate, hint));
  ensure(index, 2, "error processing query: hint provided does not correspond to an existing index");
  // A sparse or partial index is used even where it misses documents: that is what a hint asks for.
  return planOf(collection, candidateOf(index, filter, sort));
}

export function isNamedBy(index: Index, hint: Value): boolean {
  if (typeof hint === "string") return index.name === hint;
  return hint instanceof Map && sameKeyPattern(index.spec.get("key") as Doc, hint);
}

export function sameKeyPattern(a: Doc, b: Doc): boolean {
  const inOrder = (pattern: Doc) => JSON.stringify([...pattern].map(([path, to]) => [path, toNumber(to)]));
  return inOrder(a) === inOrder(b);
}

function bestCandidate(collection: Collection, filter: Filter, sort?: Sort): Candidate | undefined {
  let best: Candidate | undefined;
  for (const index of collection.indexes) {
    if (!coversFilter(index, filter)) continue;
    const candidate = candidateOf(index, filter, sort);
    if (!best || score(candidate) > score(best)) best = candidate;
  }
  return best;
}

/** The longest equality prefix wins, then a range, then the order asked for; a unique hit beats all. */
function score(candidate: Candidate): number {
  const { index, points, ranged, sorted } = candidate;
  const hit = index.unique && points === index.fields.length ? 1000 : 0;
  return hit + points * 10 + (ranged ? 6 : 0) + (sorted ? 5 : 0) + (candidate.exact ? 1 : 0);
}

/** Whether the index has an entry for every document that the filter accepts. */
function coversFilter(index: Index, filter: Filter): boolean {
  // A number in a path means a position to the index, but to a filter also a field of the elements.
  if (index.multikey && index.fields.some(({ parts }) => parts.some(isArrayIndex))) return false;
  if (index.sparse && !index.fields.some((field) => impliesExistence(filter, field.path))) return false;
  return !index.partialSpec || impliesPartial(filter, compileFilter(index.partialSpec));
}

function termsOn(filter: Filter, path: string): Term[] {
  return filter.conditions.flatMap(({ term }) => (term?.path === path ? [term] : []));
}

function impliesExistence(filter: Filter, path: string): boolean {
  return termsOn(filter, path).some((term) => {
    if (term.op === "$exists" || term.op === "$type") return true;
    return term.op === "$in" ? term.values.every((value) => value !== null) : term.value !== null;
  });
}

function impliesPartial(filter: Filter, partial: Filter): boolean {
  return partial.conditions.every(({ term: needed, test }) => {
    if (!needed) return false;
    return termsOn(filter, needed.path).some((term) => impliesTerm(term, needed, test));
  });
}

function impliesTerm(term: Term, needed: Term, test: (doc: Doc) => boolean): boolean {
  // Only top-level paths can be tested on a made-up document.
  const accepts = (value: Value) =>
    !needed.path.includes(".") && value !== null && test(new Map([[needed.path, value]]));
  if (term.op === "$eq") return accepts(term.value);
  if (term.op === "$in") return term.values.every(accepts);
  if (needed.op === "$exists") return term.op === "$exists" || (term.op !== "$type" && term.value !== null);
  if (term.op === "$exists" || term.op === "$type") return false;
  if (needed.op === "$type")
    return needed.types.has(typeNumber(term.value)) && ![1, 16, 18, 19].includes(typeNumber(term.value));
  const upward = term.op === "$gt" || term.op === "$gte";
  const neededUpward = needed.op === "$gt" || needed.op === "$gte";
  return upward === neededUpward && accepts(term.value);
}

function candidateOf(index: Index, filter: Filter, sort?: Sort): Candidate {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let points = 0;
  const used = new Set<Term>();
  let exact = true;
  let ranges: Range[] | undefined;
  for (const [i, field] of index.fields.entries()) {
    const terms = termsOn(filter, field.path);
    const isMultikey = (index.multikey & (1 << i)) !== 0;
    const point = terms.find((term) => pointValues(term) !== undefined);
    const values = point && pointValues(point);
    if (point && values && prefixes.length * values.length <= MAX_POINTS) {
      const keys = values.map((value) => fieldKey(value, field));
      prefixes = prefixes.flatMap((prefix) => keys.map((key) => Buffer.concat([prefix, key])));
      points++;
      used.add(point);
      continue;
    }
    const bounds = rangeBounds(terms, field, isMultikey, used);
    if (bounds)
      ranges = prefixes.map((prefix) => ({
        low: Buffer.concat([prefix, bounds.low]),
        high: Buffer.concat([prefix, bounds.high]),
      }));
    break;
  }
  prefixes.sort((a, b) => a.compare(b));
  const distinct = prefixes.filter((prefix, i) => i === 0 || !prefix.equals(prefixes[i - 1]!));
  for (const condition of filter.conditions) {
    if (!condition.exact || !condition.term || !used.has(condition.term)) exact = false;
  }
  const order = sort ? sortDirection(index, sort, points, distinct.length === 1) : undefined;
  const found = ranges
    ? ranges
        .sort((a, b) => Buffer.compare(a.low, b.low))
        .filter((range, i, all) => i === 0 || !range.low.equals(all[i - 1]!.low))
    : distinct.map((prefix) => ({
        low: prefix,
        high: Buffer.concat([prefix, AFTER]),
        isPoint: points === index.fields.length,
      }));
  return {
    index,
    ranges: found,
    points,
    ranged: ranges !== undefined,
    sorted: order !== undefined || !sort,
    backward: order === "backward",
    exact,
  };
}

function pointValues(term: Term): Value[] | undefined {
  if (term.op === "$eq") return [term.value];
  return term.op === "$in" && !term.values.some((value) => Array.isArray(value)) ? term.values : undefined;
}

function fieldKey(value: Value, field: IndexField): Buffer {
  const key = encodeKey(value);
  return field.descending ? inverted(key) : key;
}

function isRangeComparable(value: Value): boolean {
  const isPlain = typeof value === "string" || typeof value === "boolean";
  return isPlain || isNumeric(value) || value instanceof Date || value instanceof Oid;
}

/** One end of a range: before or behind all keys that begin with `key`. */
type Bound = { key: Buffer; after: boolean };

/** The bounds of the range conditions on one field. On arrays only one of them may be used: each may be met by another element. */
function rangeBounds(
  terms: Term[],
  field: IndexField,
  isMultikey: boolean,
  used: Set<Term>,
): Range | undefined {
  let type: number | undefined;
  let low: Bound | undefined;
  let high: Bound | undefined;
  for (const term of terms) {
    if (term.op === "$eq" || term.op === "$in" || term.op === "$exists" || term.op === "$type") continue;
    if (!isRangeComparable(term.value) || Number.isNaN(toNumber(term.value))) continue;
    const key = encodeKey(term.value);
    if (type !== undefined && (isMultikey || key[0] !== type)) continue;
    type = key[0]!;
    const bound = { key, after: term.op === "$gt" || term.op === "$lte" };
    if (term.op === "$gt" || term.op === "$gte") {
      if (!low || compareBounds(bound, low) > 0) low = bound;
    } else if (!high || compareBounds(bound, high) < 0) high = bound;
    used.add(term);
  }
  if (type === undefined) return undefined;
  // NaN is the lowest number but below nothing: an open lower end starts behind it.
  const start = low ?? (type === NAN_KEY[0] ? { key: NAN_KEY, after: true } : undefined);
  const whole = field.descending ? 255 - type : type;
  const first = start && boundBytes(start, field.descending);
  const last = high && boundBytes(high, field.descending);
  if (field.descending) return { low: last ?? Buffer.from([whole]), high: first ?? Buffer.from([whole + 1]) };
  return { low: first ?? Buffer.from([whole]), high: last ?? Buffer.from([whole + 1]) };
}

const NAN_KEY = encodeKey(NaN);

function compareBounds(a: Bound, b: Bound): number {
  return a.key.compare(b.key) || Number(a.after) - Number(b.after);
}

function boundBytes({ key, after }: Bound, descending: boolean): Buffer {
  if (!descending) return after ? Buffer.concat([key, AFTER]) : key;
  return after ? inverted(key) : Buffer.concat([inverted(key), AFTER]);
}

/** Whether the index delivers the order: its fields after single-valued equalities, all in the same or all in the opposite direction. */
function sortDirection(
  index: Index,
  sort: Sort,
  points: number,
  isSinglePoint: boolean,
): "forward" | "backward" | undefined {
  const fixed = new Set(isSinglePoint ? index.fields.slice(0, points).map((field) => field.path) : []);
  const wanted = sort.filter((field) => !fixed.has(field.path));
  if (
    index.multikey !== 0 &&
    index.fields.some((field, i) => index.multikey & (1 << i) && sort.some(({ path }) => path === field.path))
  ) {
    return undefined;
  }
  let direction: "forward" | "backward" | undefined;
  let at = isSinglePoint ? points : 0;
  for (const field of wanted) {
    let own = index.fields[at];
    while (own && fixed.has(own.path)) own = index.fields[++at];
    if (own?.path !== field.path) return undefined;
    const needed = own.descending === field.descending ? "forward" : "backward";
    if (direction && direction !== needed) return undefined;
    direction = needed;
    at++;
  }
  return direction ?? "forward";
}

/** When every branch of an `$or` has an index, their scans together find everything. */
function planBranches(collection: Collection, filter: Filter): Plan | undefined {
  for (const { branches } of filter.conditions) {
    if (!branches) continue;
    const scans: ScanTarget[] = [];
    for (const branch of branches) {
      const best = bestCandidate(collection, branch);
      if (!best || (best.points === 0 && !best.ranged)) break;
      scans.push({ collection, index: best.index, ranges: best.ranges, backward: false });
    }
    if (scans.length === branches.length) return { scans, sorted: false, exact: false };
  }
  return undefined;
}
