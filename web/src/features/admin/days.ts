/** Days and minutes as a person enters them, in their own time zone, and as the server takes them. */

/** The beginning of a day such as "2026-03-01", or of the day that many days after it; undefined for what is none. */
export function startOfDay(day: string | undefined, daysLater = 0): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? "");
  if (!parts) return undefined;
  const [year = 0, month = 0, date = 0] = parts.slice(1).map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}

/** "2026-03-01T09:00" as the server takes it; null for nothing. */
export function minuteToIso(minute: string): string | null {
  const time = new Date(minute);
  return minute === "" || Number.isNaN(time.getTime()) ? null : time.toISOString();
}
