import type { Contact, ContactChange } from "@dmtracker/shared/contracts/contact.ts";

/** A wish that the stream has not confirmed yet. */
export type PendingChange = {
  readonly mutationId: string;
  readonly contactId: string;
  readonly change: ContactChange;
  /** The mutation that this takes back; `change` is empty then. */
  readonly undoes?: string;
  /** The contact's version that the person saw. */
  readonly version?: number;
  /** The fields that it is about, as the person saw them. */
  readonly seen?: Partial<Contact>;
  /** Order among all waiting changes, also those of an earlier visit. */
  readonly order: number;
};

/** Where waiting changes outlive the page. */
export type ChangeStorage = {
  load(): PendingChange[];
  has(mutationId: string): boolean;
  save(change: PendingChange): void;
  remove(mutationId: string): void;
};

/**
 * One entry per change: two tabs of the same person share the storage without overwriting each other. A change
 * that both send is one change, its mutation id says so.
 */
export function storeChangesIn(storage: Storage, userId: string, pipelineId: string): ChangeStorage {
  const prefix = `dmtracker:change:${userId}:${pipelineId}:`;
  return {
    load() {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      return keys
        .filter((key) => key.startsWith(prefix))
        .map((key) => readChange(storage.getItem(key)))
        .filter((change) => change !== undefined)
        .sort((a, b) => a.order - b.order);
    },
    has: (mutationId) => storage.getItem(prefix + mutationId) !== null,
    save(change) {
      try {
        storage.setItem(prefix + change.mutationId, JSON.stringify(change));
      } catch {
        // Full or forbidden storage: the change still lives in memory and is sent as usual.
      }
    },
    remove(mutationId) {
      storage.removeItem(prefix + mutationId);
    },
  };
}

function readChange(text: string | null): PendingChange | undefined {
  try {
    const change = JSON.parse(text ?? "null") as PendingChange | null;
    return change?.mutationId && change.contactId && change.change ? change : undefined;
  } catch {
    return undefined;
  }
}

/** Not `crypto.randomUUID`: browsers offer it on https only, a team's own server may be plain http. */
export function newMutationId(): string {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
