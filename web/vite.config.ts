import adapter from "@sveltejs/adapter-node";
import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";
import { chunkOf } from "./chunks.ts";
import { drawnIcons } from "./icons.ts";

/** While developing, the pages come from Vite and everything else from a running server. */
const server = process.env.DEV_SERVER_URL ?? "http://127.0.0.1:3001";

/** Pages run what this server delivers and nothing else. Kit adds a nonce to its own inline script. */
const csp = {
  directives: {
    "default-src": ["self"],
    "script-src": ["self"],
    // Colours of stages, tags and avatars are set by the script; nothing that the server renders has a style attribute.
    // The hash is the one of Kit's own route announcer, which must be out of sight.
    "style-src": ["self", "unsafe-hashes", "sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo="],
    "img-src": ["self", "data:"],
    "object-src": ["none"],
    "base-uri": ["self"],
    "form-action": ["self"],
    "frame-ancestors": ["none"],
  },
} satisfies NonNullable<Parameters<typeof sveltekit>[0]>["csp"];

export default defineConfig({
  plugins: [drawnIcons(), tailwindcss(), sveltekit({ adapter: adapter(), csp })],
  environments: {
    client: {
      build: { rolldownOptions: { output: { codeSplitting: { groups: [{ name: chunkOf }] } } } },
    },
  },
  // Tests of state classes need Svelte's browser half, not the one for rendering on a server.
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: { dir: "../test/web", environment: "node" },
  server: {
    proxy: {
      // The reference is a page, although it stands below /api.
      "/api": { target: server, bypass: ({ url }) => (url?.startsWith("/api/docs") ? url : undefined) },
      "/socket.io": { target: server, ws: true },
    },
  },
});
