/** Offers to the command palette what can be done to the thing that is open. */
import { useNavigate } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { useOfferCommands } from "@/shortcuts/commands";

import { isOffered, type LinkAction, type RunAction } from "./action";

type Offer<Thing> = { action: LinkAction<Thing> } | { action: RunAction<Thing>; run: (thing: Thing) => void };

/** Nothing while `thing` is not there yet. */
export function useOfferActions<Thing>(
  title: string,
  thing: Thing | undefined,
  offers: readonly Offer<Thing>[],
): void {
  const { t } = useI18n();
  const navigate = useNavigate();
  const offered = thing === undefined ? [] : offers.filter(({ action }) => isOffered(action, thing));
  useOfferCommands(
    title,
    offered.map((offer) => ({
      id: offer.action.label,
      label: t(offer.action.label),
      icon: offer.action.icon,
      keys: offer.action.keys,
      run: () => {
        if (thing === undefined) return;
        if ("run" in offer) offer.run(thing);
        else void navigate(offer.action.to(thing));
      },
    })),
  );
}
