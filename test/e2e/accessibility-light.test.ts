import { checkPages } from "../support/accessible-pages.ts";

await checkPages({ colorScheme: "light", viewport: { width: 1280, height: 800 } });
