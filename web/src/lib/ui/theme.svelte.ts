import { createContext } from "svelte";

export type ThemeChoice = "system" | "light" | "dark";

const KEY = "theme";

function remembered(): ThemeChoice {
  try {
    const choice = localStorage.getItem(KEY);
    return choice === "light" || choice === "dark" ? choice : "system";
  } catch {
    return "system";
  }
}

/** Which colours the person wants. What they are is decided in app.css; before the first paint by theme.js. */
export class Theme {
  choice = $state<ThemeChoice>("system");

  /** Reads what this browser remembers; the server does not know it. */
  recall(): void {
    this.choice = remembered();
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    try {
      if (choice === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Storage is closed to this page: the choice holds until it is left.
    }
  }
}

export const [getTheme, setTheme] = createContext<Theme>();
