/** Whether the page hears from the studio. */
import { useState } from "react";

import { useConnected } from "./hooks";
import { useOnline, useTold, type Connection } from "./told";

export function useConnection(): Connection {
  const online = useOnline();
  const connected = useConnected();
  const [everConnected, setEverConnected] = useState(connected);
  if (connected && !everConnected) setEverConnected(true);
  return useTold(!online ? "offline" : connected ? "fine" : "reconnecting", !everConnected);
}
