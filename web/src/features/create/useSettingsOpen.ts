import { useState } from "react";

const STORAGE_KEY = "pingvas.create.settings";

/** Whether the settings are unfolded: as the person left them, and before that where there is room for them. */
export function useSettingsOpen(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(() => stored() ?? window.matchMedia("(min-width: 60rem)").matches);
  const change = (next: boolean) => {
    setOpen(next);
    try {
      localStorage.setItem(STORAGE_KEY, next ? "open" : "closed");
    } catch {
      // Without storage it lasts as long as the page.
    }
  };
  return [open, change];
}

function stored(): boolean | null {
  try {
    const value = localStorage.getItem(STORAGE_KEY);
    return value === "open" ? true : value === "closed" ? false : null;
  } catch {
    return null;
  }
}
