import { useOnline, useTold } from "@/realtime/told";
import type { Key } from "@/i18n/translate";

import { ConnectionText } from "./ConnectionText";

const SAID: Record<"offline" | "back", Key> = { offline: "app.offline_outside", back: "app.online_again" };

/** The same where nobody is signed in: there the page hears nothing from the studio, and the browser alone knows. */
export function OfflineLine() {
  return <ConnectionText connection={useTold(useOnline() ? "fine" : "offline")} said={SAID} />;
}
