import type { Key } from "@/i18n/translate";
import { useConnection } from "@/realtime/useConnection";

import { ConnectionText, type Trouble } from "./ConnectionText";

const SAID: Record<Trouble, Key> = {
  offline: "app.offline",
  reconnecting: "app.reconnecting",
  back: "app.back_online",
};

/** One line for all that goes wrong with the connection. */
export function ConnectionLine() {
  return <ConnectionText connection={useConnection()} said={SAID} />;
}
