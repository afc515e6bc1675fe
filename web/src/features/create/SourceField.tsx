/** The picture to start from, if there is one: chosen, pasted or dropped, or taken from the gallery. */
import { useQuery } from "@tanstack/react-query";
import { ImageIcon, XIcon } from "lucide-react";
import { memo, useEffect, useRef } from "react";

import { asProblem } from "@/api/problem";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { PICTURE_ACCEPT } from "@/entities/image/pictureTypes";
import { imageQuery } from "@/entities/image/queries";
import { uploadText } from "@/entities/image/uploadText";
import { useI18n } from "@/i18n/useI18n";
import { Spinner } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { NumberField } from "@/ui/NumberField";
import { problemText } from "@/ui/problemText";

import type { FormErrors } from "./check";
import { startFrom, type Draft, type Source } from "./draft";
import { MIN_STRENGTH } from "./limits";
import styles from "./SourceField.module.css";
import { useIncomingPicture } from "./useIncomingPicture";
import { useUpload } from "./useUpload";

interface SourceFieldProps {
  source: Source | null;
  strength: number;
  errors: FormErrors;
  onEdit: (next: (before: Draft) => Draft) => void;
  onChange: (part: { strength: number }) => void;
}

export const SourceField = memo(function SourceField(props: SourceFieldProps) {
  const { source, strength, errors, onEdit, onChange } = props;
  const i18n = useI18n();
  const { t } = i18n;
  const root = useRef<HTMLFieldSetElement>(null);
  const changedHere = useRef(false);
  const take = (next: Source | null) => {
    changedHere.current = true;
    onEdit((before) => startFrom(before, next));
  };
  const upload = useUpload(take);

  // What had the focus goes away with the change; the next control here takes it, unless it is elsewhere already.
  useEffect(() => {
    if (!changedHere.current) return;
    changedHere.current = false;
    if (document.activeElement !== document.body) return;
    root.current?.querySelector<HTMLElement>("button, [type=file]")?.focus();
  }, [source]);

  const over = useIncomingPicture((file) => {
    root.current?.scrollIntoView({ block: "nearest" });
    upload.upload(file);
  });

  return (
    <fieldset ref={root} className={styles.field} data-over={over || undefined}>
      <legend>{t("create.source")}</legend>
      {source && !upload.sending ? (
        <Chosen source={source} error={errors.source} onRemove={() => take(null)} />
      ) : (
        <label className={styles.drop}>
          {upload.sending ? <Spinner /> : <ImageIcon />}
          <span className={styles.words}>
            {upload.sending ? (
              t("create.source_sending", { file: upload.sending })
            ) : (
              <>
                <b>{t("create.source_choose")}</b>
                <span className={styles.note}>
                  {t("create.source_hint")} <span className={styles.keys}>{t("create.source_paste")}</span>
                </span>
              </>
            )}
          </span>
          <input
            type="file"
            className="visually-hidden"
            accept={PICTURE_ACCEPT}
            aria-label={t("create.source_choose")}
            onChange={(event) => {
              const file = event.target.files?.[0];
              // The same file may be chosen again after a failure.
              event.target.value = "";
              if (file) upload.upload(file);
            }}
          />
        </label>
      )}
      <p role="status" className="visually-hidden">
        {upload.sending
          ? t("create.source_sending", { file: upload.sending })
          : upload.done && source && t("create.source_taken")}
      </p>
      {upload.error && (
        <p className={styles.error} role="alert">
          {uploadText(i18n, upload.error)}
        </p>
      )}
      {source && (
        <NumberField
          label={t("create.strength")}
          hint={t(strengthHint(strength))}
          slider
          min={MIN_STRENGTH}
          max={1}
          step={0.05}
          value={strength}
          error={errors.strength}
          onChange={(value) => onChange({ strength: value })}
        />
      )}
    </fieldset>
  );
});

interface ChosenProps {
  source: Source;
  error: string | undefined;
  onRemove: () => void;
}

function Chosen({ source, error, onRemove }: ChosenProps) {
  const i18n = useI18n();
  const { t, number } = i18n;
  const { data, error: unread, refetch } = useQuery(imageQuery(source.id));
  const problem = unread && asProblem(unread);
  const unreadable =
    problem && (problem.status === 404 ? t("create.source_gone") : problemText(i18n, problem));
  const wrong = error ?? unreadable;
  return (
    <>
      <div className={styles.chosen}>
        {data ? (
          <img
            src={data.thumbnail_url ?? data.file_url}
            alt={t("create.source_shown")}
            className={styles.thumbnail}
            onError={() => void refetch()}
          />
        ) : (
          <span className={styles.thumbnail} />
        )}
        <div className={styles.words}>
          <span className={styles.title}>{data && pictureTitle(data.generation_params, i18n)}</span>
          <span className={styles.note}>{`${number(source.width)} × ${number(source.height)}`}</span>
        </div>
        <IconButton label={t("create.source_remove")} onClick={onRemove}>
          <XIcon />
        </IconButton>
      </div>
      {wrong && (
        <p className={styles.error} role="alert">
          {wrong}
        </p>
      )}
    </>
  );
}

function strengthHint(strength: number) {
  if (strength < 0.4) return "create.strength_little";
  return strength < 0.7 ? "create.strength_some" : "create.strength_much";
}
