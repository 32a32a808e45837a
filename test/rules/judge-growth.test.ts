import { expect, test } from "vitest";
import { judge, type Sample } from "../faults/judge-growth.ts";

const looks = (heap: (minute: number) => number, rooms: (minute: number) => number = () => 0): Sample[] =>
  Array.from({ length: 40 }, (_, minute) => ({ minute, "heap MB": heap(minute), rooms: rooms(minute) }));
const grows = (samples: Sample[]): string[] =>
  judge(samples)
    .filter(({ isFlat }) => !isFlat)
    .map(({ name }) => name);

test("[SP12] what a long run leaks is told from what it needs and from what is collected later", () => {
  const saw = (minute: number): number => 60 + (minute % 5) * 8;
  expect(grows(looks(saw))).toEqual([]);
  expect(grows(looks((minute) => Math.min(minute, 8) * 10 + saw(minute)))).toEqual([]);
  expect(grows(looks((minute) => saw(minute) + minute * 3))).toEqual(["heap MB"]);
  expect(grows(looks(saw, (minute) => Math.floor(minute / 10)))).toEqual(["rooms"]);
  expect(judge(looks(saw).slice(0, 5))).toEqual([]);
});
