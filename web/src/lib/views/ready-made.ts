import type { ViewContent, ViewPlace } from "@dmtracker/shared/contracts/view.ts";
import type { Stage } from "@dmtracker/shared/contracts/pipeline.ts";

export type ReadyMade = { name: string; content: ViewContent };

/**
 * Views to begin with: the three of the guide. Names of stages only choose what is offered: nothing is saved before
 * somebody saves it.
 */
export function readyMadeViews(place: ViewPlace, stages: readonly Stage[]): ReadyMade[] {
  const stageId = (name: string) => stages.find((stage) => stage.name.trim().toLowerCase() === name)?.id;
  const [interested, booked] = [stageId("interested"), stageId("meeting booked")];
  const offers: (ReadyMade | undefined)[] = [
    interested === undefined
      ? undefined
      : { name: "Warm leads", content: { filter: { leadStatus: ["open"], stageId: [interested] } } },
    place === "follow_ups"
      ? undefined
      : {
          name: "This month's wins",
          content: {
            filter: { leadStatus: ["won"], date: { field: "status_changed", range: "this_month" } },
          },
        },
    booked === undefined || place === "follow_ups"
      ? undefined
      : { name: "Lost after a meeting", content: { filter: { leadStatus: ["lost"], stageId: [booked] } } },
  ];
  return offers.filter((offer) => offer !== undefined);
}
