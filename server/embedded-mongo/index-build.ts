import { decode } from "./bson-codec.ts";
import type { Collection, Index, IndexBuild } from "./catalog.ts";
import type { Context } from "./context.ts";
import { letOthersRun } from "./cursors.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { scan } from "./scan.ts";

/**
 * Fills a new index while everything else goes on: each write puts its own keys in, and the scan adds those of
 * the documents that nobody touches. Nobody uses the index before it is whole. The caller has made sure that
 * no open transaction has written to the collection, and that no other build is under way.
 */
export async function buildIndex(
  context: Context,
  collection: Collection,
  spec: Index["spec"],
): Promise<void> {
  const { store } = context.engine;
  const index = store.startIndex(collection, spec);
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const build: IndexBuild = { index, done: 0, suspects: new Map(), finished };
  collection.build = build;
  try {
    await addAll(context, collection, build);
    for (
      let [writer] = context.engine.writersOf(collection);
      writer;
      [writer] = context.engine.writersOf(collection)
    ) {
      await writer.finished;
      await letOthersRun(context);
    }
    for (const key of build.suspects.values()) requireOne(context, collection, index, key);
    collection.build = undefined;
    store.finishIndex(collection, index);
  } catch (error) {
    collection.build = undefined;
    if (!collection.dropped) store.dropIndex(collection, index);
    throw error;
  } finally {
    finish();
  }
}

async function addAll(context: Context, collection: Collection, build: IndexBuild): Promise<void> {
  const { engine } = context;
  for (const entry of scan({ engine }, { collection, ranges: [], backward: false })) {
    if (!entry) {
      await letOthersRun(context);
      continue;
    }
    engine.store.startWriting();
    for (const key of build.index.keysOf(decode(entry.bytes)))
      engine.store.addEntry(collection, build.index, key, entry.rid);
    build.done++;
  }
}

function requireOne({ engine }: Context, collection: Collection, index: Index, key: Buffer): void {
  const [, second] = engine.store.ridsOfKey(index, key);
  const bytes = second === undefined ? undefined : engine.store.readDocument(collection, second);
  if (bytes) throw duplicateKey(collection, index, decode(bytes));
}
