import { z } from "zod";
import { ParkedChange } from "./contact.ts";
import { contactNames, NAMES_ONE, namesOne } from "./rest.ts";

/** `PATCH /api/v1/contact/parking`: `parked: null` wakes the contact. */
export const ParkingBody = z
  .strictObject({ ...contactNames, parked: ParkedChange })
  .refine(namesOne, NAMES_ONE);
export type ParkingBody = z.infer<typeof ParkingBody>;
