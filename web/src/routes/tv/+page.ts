// Live screens are rendered in the browser: docs/decisions/005-live-screens-in-the-browser.md
export const ssr = false;
