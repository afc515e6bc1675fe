/** Enlarging the picture that is open: the factors with their sizes and prices, and a word when one is on its way. */
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link } from "react-router";

import { asProblem } from "@/api/problem";
import type { Image } from "@/api/types";
import { upscaleImage } from "@/entities/image/actions/upscaleImage";
import { enlargeRequest, scalesOf } from "@/entities/image/scales";
import { estimateQuery } from "@/entities/job/queries";
import { modelsQuery } from "@/entities/model/queries";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";

import styles from "./Enlarge.module.css";

export function Enlarge({ image }: { image: Image }) {
  const i18n = useI18n();
  const { t } = i18n;
  const id = useId();
  const models = useQuery(modelsQuery);
  const [open, setOpen] = useState(false);
  const [sent, setSent] = useState<number | null>(null);
  const sending = useAction(upscaleImage, {
    beside: true,
    onDone: (batch) => setSent(Number(batch.jobs[0]?.parameters.scale)),
  });
  const scales = scalesOf(models.data?.items ?? []);
  if (scales.length === 0) return null;

  return (
    <div className={styles.enlarge}>
      <Button wide aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <upscaleImage.icon />
        {t(upscaleImage.label)}
      </Button>
      <div id={id} hidden={!open} className={styles.choices}>
        {open &&
          scales.map((scale) => (
            <Choice
              key={scale}
              image={image}
              scale={scale}
              busy={sending.busy}
              onSend={() => {
                setSent(null);
                sending.run({ id: image.id, scale });
              }}
            />
          ))}
        <div role="status" className={styles.said}>
          {sent !== null && (
            <p>
              {t("picture.enlarging", { scale: i18n.number(sent) })}{" "}
              <Link to="/create">{t("picture.enlarging_watch")}</Link>
            </p>
          )}
        </div>
        {sending.problem && (
          <p role="alert" className={styles.problem}>
            {problemText(i18n, sending.problem)}
          </p>
        )}
      </div>
    </div>
  );
}

interface ChoiceProps {
  image: Image;
  scale: number;
  busy: boolean;
  onSend: () => void;
}

/** One factor. It can be chosen once its price is known. */
function Choice({ image, scale, busy, onSend }: ChoiceProps) {
  const i18n = useI18n();
  const { t, number } = i18n;
  const estimate = useQuery(estimateQuery(enlargeRequest(image.id, scale)));
  const cost = estimate.data?.estimated_credits;
  const side = (pixels: number) => number(Math.round(pixels * scale));
  return (
    <Button wide className={styles.choice} disabled={cost === undefined} onClick={busy ? undefined : onSend}>
      <b>{t("gallery.enlarge_by", { scale: number(scale) })}</b>
      <span className={styles.size}>{`${side(image.width)} × ${side(image.height)}`}</span>
      <span className={styles.cost}>
        {cost !== undefined && i18n.t("job.cost", { n: cost })}
        {estimate.isError && refusal(i18n, estimate.error)}
      </span>
    </Button>
  );
}

/** The only thing that can be wrong with the factor itself is that the picture would be too large. */
function refusal(i18n: ReturnType<typeof useI18n>, error: unknown): string {
  const problem = asProblem(error);
  return problem.status === 422 ? i18n.t("gallery.enlarge_too_large") : problemText(i18n, problem);
}
