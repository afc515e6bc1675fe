import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useForm, useWatch } from "react-hook-form";

import { announce } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { newIdempotencyKey } from "@/api/random";
import type { Announcement } from "@/api/types";
import { AnnouncementLine, LEVELS } from "@/entities/studio/AnnouncementLevel";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { TextArea, TextField } from "@/ui/Field";
import { placeErrors } from "@/ui/placeErrors";
import { problemText } from "@/ui/problemText";
import { Segmented } from "@/ui/RadioGroup";
import { toast } from "@/ui/toasts";

import { minuteToIso } from "./days";
import { rereadAfterDeed } from "./queries";
import styles from "./AnnouncementDialog.module.css";

const MAX_TEXT = 500;
const FIELDS = ["text_en", "text_ko", "starts_at", "ends_at"] as const;
const EMPTY = { text_en: "", text_ko: "", starts_at: "", ends_at: "" };

/** Words to everybody, in both languages, from when until when. */
export function AnnouncementDialog({ onClose }: { onClose: () => void }) {
  const i18n = useI18n();
  const { t, language } = i18n;
  const client = useQueryClient();
  // Pressed again, it is not said again.
  const [key] = useState(newIdempotencyKey);
  const [level, setLevel] = useState<Announcement["level"]>("info");
  const { register, handleSubmit, setError, control, formState } = useForm({ defaultValues: EMPTY });
  const { errors, isSubmitting } = formState;
  const preview = useWatch({ control, name: language === "ko" ? "text_ko" : "text_en" });

  const send = handleSubmit(async ({ text_en, text_ko, starts_at, ends_at }) => {
    const times = { starts_at: minuteToIso(starts_at), ends_at: minuteToIso(ends_at) };
    try {
      const body = { level, text_en, text_ko, ...times };
      await announce({ body, headers: { "idempotency-key": key } });
      await rereadAfterDeed(client);
      toast(t("admin.announced"), "good");
      onClose();
    } catch (error) {
      const problem = asProblem(error);
      if (!placeErrors(i18n, problem, FIELDS, setError))
        setError("root", { message: problemText(i18n, problem) });
    }
  });

  const text = (name: "text_en" | "text_ko") => ({
    ...register(name, { validate: (value) => value.trim() !== "" || t("admin.text_missing") }),
    label: t(`admin.${name}`),
    lang: name === "text_en" ? "en" : "ko",
    maxLength: MAX_TEXT,
    error: errors[name]?.message,
  });
  return (
    <Dialog label={t("admin.announce")} headed text={t("admin.announce_text")} onClose={onClose}>
      <form className={styles.form} aria-label={t("admin.announce")} onSubmit={(event) => void send(event)}>
        <Segmented
          label={t("admin.level")}
          value={level}
          options={LEVELS.map((value) => ({ value, label: t(`announcement.${value}`) }))}
          onChange={setLevel}
        />
        <TextArea {...text("text_en")} rows={2} />
        <TextArea {...text("text_ko")} rows={2} />
        <div className={styles.times}>
          <TextField
            {...register("starts_at")}
            label={t("admin.starts_at")}
            hint={t("admin.starts_hint")}
            type="datetime-local"
            error={errors.starts_at?.message}
          />
          <TextField
            {...register("ends_at", {
              validate: (ends, { starts_at }) => endsLater(starts_at, ends) || t("admin.ends_before"),
            })}
            label={t("admin.ends_at")}
            hint={t("admin.ends_hint")}
            type="datetime-local"
            error={errors.ends_at?.message}
          />
        </div>
        {preview.trim() !== "" && (
          <div className={styles.preview}>
            <AnnouncementLine level={level} text={preview} />
          </div>
        )}
        {errors.root && (
          <p className={styles.problem} role="alert">
            {errors.root.message}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" busy={isSubmitting}>
            {t("admin.tell")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function endsLater(starts: string, ends: string): boolean {
  if (ends === "") return true;
  return new Date(ends).getTime() > (starts === "" ? Date.now() : new Date(starts).getTime());
}
