import type { Contact } from "@dmtracker/shared/contracts/contact.ts";
import type { ContactFilter } from "@dmtracker/shared/contracts/filter.ts";
import fc from "fast-check";

/** Names that meet each other's beginnings, with the punctuation and letters that search has to fold. */
const NAMES = [
  "kim.fit",
  "kim_fitness",
  "Kimberly",
  "Ana-Lena José",
  "@ana",
  "Ünal Ökten",
  "東京 コーチ",
  "o'neill",
  "fit",
  "ﬁtness 👍",
];
const QUERIES = [
  "k",
  "kim",
  "kim.f",
  "FIT",
  "lena",
  "ana-l",
  "jose",
  "José",
  "unal",
  "東",
  "o",
  "nei",
  "+49 170",
  "4917",
  "@kim fit",
  "...",
  "x",
];

export type Vocabulary = { stageIds: string[]; tagIds: string[]; memberIds: string[]; now: Date };

const DAY_MS = 86_400_000;

/** Days from a Wednesday, the 18th, to the ends of its week, month and last thirty days, and to its neighbours. */
const EDGES = [-30, -29, -28, -17, -2, -1, 0, 1, 5, 13];

/** Hours by which the days of TIME_ZONES are ahead, in summer and winter. */
const OFFSETS = [-11, -5, -4, -3, 0, 1, 2, 5.75, 10.5, 11, 14];

/** Moments that lie close to the ends of days somewhere, and some that lie far away. */
function moments(now: Date): fc.Arbitrary<string> {
  const offsets = fc.oneof(
    fc.constantFrom(...EDGES).chain((days) =>
      fc.constantFrom(...OFFSETS).chain((hours) =>
        fc.constantFrom(-1, 0, 1).map((ms) => {
          const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
          return midnight + days * DAY_MS - hours * 3_600_000 + ms;
        }),
      ),
    ),
    fc.integer({ min: -400 * DAY_MS, max: 0 }).map((ms) => now.getTime() + ms),
    fc.constantFrom(1, 7, 14, 30).map((days) => now.getTime() - days * DAY_MS),
  );
  return offsets.map((ms) => new Date(ms).toISOString());
}

/** What a filter can ask of a contact, in every combination that occurs. */
export function someFacts({ stageIds, tagIds, memberIds, now }: Vocabulary) {
  const at = moments(now);
  return fc.record({
    stageId: fc.constantFrom(...stageIds),
    leadStatus: fc.constantFrom("open" as const, "won" as const, "lost" as const, "abandoned" as const),
    conversationStatus: fc.constantFrom(
      null,
      "new_message" as const,
      "replied" as const,
      "no_reply" as const,
    ),
    tagIds: fc.subarray(tagIds),
    assigneeId: fc.constantFrom(null, ...memberIds),
    source: fc.constantFrom("user" as const, "api" as const, "import" as const, "demo" as const),
    displayName: fc.option(fc.constantFrom(...NAMES)),
    email: fc.option(fc.constantFrom("kim@example.com", "Ana.L@fit.example")),
    phone: fc.option(fc.constantFrom("+49 170 1234567", "(020) 55-12")),
    value: fc.option(fc.constantFrom(0, 10, 99.5, 1_200)),
    lastMessage: fc.option(
      at.map((moment): NonNullable<Contact["lastMessage"]> => ({ direction: "in", text: "hi", at: moment })),
    ),
    parked: fc.option(at.map((until) => ({ until, reason: null }))),
    createdAt: at,
    statusChangedAt: at,
    lastActivityAt: at,
  });
}

const oneOrMore = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });

/** A filter without absent parts: what the codec and the server see. */
export function someFilters({ stageIds, tagIds, memberIds, now }: Vocabulary): fc.Arbitrary<ContactFilter> {
  const day = fc
    .constantFrom(...EDGES)
    .map((days) => new Date(now.getTime() + days * DAY_MS).toISOString().slice(0, 10));
  const field = fc.constantFrom("created" as const, "last_message" as const, "status_changed" as const);
  const range = fc.constantFrom(
    "today" as const,
    "this_week" as const,
    "this_month" as const,
    "last_30_days" as const,
  );
  const all = fc.record(
    {
      leadStatus: oneOrMore(["open", "won", "lost", "abandoned"] as const),
      stageId: oneOrMore(stageIds),
      conversationStatus: oneOrMore(["new_message", "replied", "no_reply", "none"] as const),
      tags: fc.record({
        mode: fc.constantFrom("any" as const, "all" as const, "none" as const),
        ids: oneOrMore(tagIds),
      }),
      assigneeId: oneOrMore([...memberIds, "nobody"]),
      source: oneOrMore(["user", "api", "import", "demo"] as const),
      date: fc.oneof(
        fc.record({ field, range }),
        fc.record({ field, from: day }),
        fc.record({ field, to: day }),
        fc.record({ field, days: fc.tuple(day, day) }).map(({ days, ...rest }) => {
          const [from = "", to = ""] = [...days].sort();
          return { ...rest, from, to };
        }),
      ),
      parked: fc.boolean(),
      quietDays: fc.constantFrom(1, 7, 14, 30, 365),
      search: fc.constantFrom(...QUERIES),
    },
    { requiredKeys: [] },
  );
  // Many conditions at once match almost nobody: most filters have few.
  return fc.tuple(all, fc.nat(9), fc.constantFrom(1, 1, 2, 10)).map(([filter, start, count]) => {
    const parts = Object.entries(filter);
    const turned = [
      ...parts.slice(start % (parts.length || 1)),
      ...parts.slice(0, start % (parts.length || 1)),
    ];
    return Object.fromEntries(turned.slice(0, count));
  });
}

export const TIME_ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
  "Asia/Kathmandu",
  "America/Sao_Paulo",
  "Australia/Lord_Howe",
];
