import { z } from "zod";
import { PALETTE } from "./palette.ts";

/** 24 hexadecimal digits: a MongoDB ObjectId as text. */
export const Id = z.string().regex(/^[0-9a-f]{24}$/, "must be 24 hexadecimal digits");

/** A moment in time, ISO 8601 with offset, e.g. 2026-11-22T09:30:00Z. */
export const Instant = z.iso.datetime({ offset: true });

/** `#rrggbb` */
export const Colour = z.string().regex(/^#[0-9a-f]{6}$/i, "must be a colour such as #3b82f6");

/** A colour that somebody chooses: one that can be told from what it stands on, light and dark. */
export const PaletteColour = Colour.transform((text) => text.toLowerCase()).refine(
  (text) => PALETTE.some(({ colour }) => colour === text),
  `must be one of ${PALETTE.map(({ colour }) => colour).join(", ")}`,
);
