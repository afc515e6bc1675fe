/** What lies above the page: one at a time. */
export type Opened = "palette" | "shortcuts" | "jobs" | "notices" | null;
