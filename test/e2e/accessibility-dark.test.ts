import { checkPages } from "../support/accessible-pages.ts";

await checkPages({ colorScheme: "dark", viewport: { width: 390, height: 844 } });
