import { DicesIcon, LockIcon, LockOpenIcon } from "lucide-react";

import { newSeed } from "@/api/random";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { TextField } from "@/ui/Field";
import { NumberField } from "@/ui/NumberField";

import { MAX_SEED } from "./limits";
import styles from "./SeedField.module.css";

interface SeedFieldProps {
  /** null: a new one for each picture. */
  seed: number | null;
  error?: string | undefined;
  onChange: (seed: number | null) => void;
}

export function SeedField({ seed, error, onChange }: SeedFieldProps) {
  const { t } = useI18n();
  const locked = seed !== null;
  return (
    <div className={styles.row}>
      {locked ? (
        <NumberField
          label={t("recipe.seed")}
          hint={t("create.seed_locked_hint")}
          error={error}
          min={0}
          max={MAX_SEED}
          value={seed}
          onChange={(value) => onChange(Math.min(MAX_SEED, Math.max(0, Math.round(value))))}
        />
      ) : (
        <TextField
          label={t("recipe.seed")}
          hint={t("create.seed_random_hint")}
          error={error}
          value={t("create.seed_random")}
          readOnly
        />
      )}
      <div className={styles.buttons}>
        <IconButton label={t("create.seed_roll")} onClick={() => onChange(newSeed())}>
          <DicesIcon />
        </IconButton>
        <IconButton
          label={t("create.seed_lock")}
          aria-pressed={locked}
          onClick={() => onChange(locked ? null : newSeed())}
        >
          {locked ? <LockIcon /> : <LockOpenIcon />}
        </IconButton>
      </div>
    </div>
  );
}
