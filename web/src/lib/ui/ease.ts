/** `--ease-calm` of app.css, for what is moved by script. */
export const EASE_CALM = "cubic-bezier(0.2, 0, 0, 1)";
