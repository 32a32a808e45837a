import { z } from "zod";

/** Made by the client, unique per wish: sending it again gets the first answer. */
export const MutationId = z.string().min(8).max(64);
