/** Credits without a plan: packs to buy, and a code to redeem. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

import type { Pack } from "@/api/types";
import { offersQuery } from "@/entities/subscription/queries";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";

import { buyPack } from "./actions";
import { leaveTo } from "./leave";
import styles from "./Packs.module.css";

export function Packs() {
  const { t } = useI18n();
  const { data } = useQuery(offersQuery);
  const place = useRef<HTMLElement>(null);
  const { hash } = useLocation();
  const isThere = data !== undefined && data.seller !== null && data.packs.length > 0;
  // Whoever is sent here by a link to the packs sees them, though they come in later than the page.
  useEffect(() => {
    if (!isThere || hash !== "#packs") return;
    // After the page has been put at its top, where pages begin.
    const frame = requestAnimationFrame(() => place.current?.scrollIntoView({ block: "start" }));
    return () => cancelAnimationFrame(frame);
  }, [isThere, hash]);
  if (!isThere) return null;
  return (
    <section ref={place} id="packs" className={styles.section} aria-labelledby="packs-title">
      <h2 id="packs-title">{t("billing.packs")}</h2>
      <p className={styles.soft}>{t("billing.packs_text")}</p>
      <ul className={styles.packs}>
        {data.packs.map((pack) => (
          <PackOffer key={pack.name} pack={pack} />
        ))}
      </ul>
    </section>
  );
}

function PackOffer({ pack }: { pack: Pack }) {
  const i18n = useI18n();
  const { t, find, money } = i18n;
  const buying = useAction(buyPack, { beside: true, onDone: ({ checkout_url }) => leaveTo(checkout_url) });
  const name = find(`billing.pack.${pack.name}`) ?? pack.name;
  return (
    <li className={styles.pack}>
      <span className={styles.soft}>{name}</span>
      <strong className={styles.credits}>{t("billing.n_credits", { n: pack.credits })}</strong>
      <Button
        busy={buying.busy}
        aria-label={t("billing.buy_pack", { n: pack.credits, price: money(pack.price) })}
        onClick={() => buying.run(pack.name)}
      >
        {money(pack.price)}
      </Button>
      {buying.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, buying.problem)}
        </p>
      )}
    </li>
  );
}
