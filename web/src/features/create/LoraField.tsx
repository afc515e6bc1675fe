/** The LoRAs that shall join in, each with its weight. Not there at all while none fits the model. */
import { PlusIcon, XIcon } from "lucide-react";
import { useState } from "react";

import type { LoraUse, Model } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { NumberField } from "@/ui/NumberField";
import { Select } from "@/ui/Select";

import { MAX_LORAS } from "./limits";
import styles from "./LoraField.module.css";
import { modelOption } from "./modelOption";

interface LoraFieldProps {
  /** Those that fit the model. */
  fitting: Model[];
  chosen: LoraUse[];
  error: string | undefined;
  onChange: (chosen: LoraUse[]) => void;
}

export function LoraField({ fitting, chosen, error, onChange }: LoraFieldProps) {
  const { t } = useI18n();
  const [next, setNext] = useState("");
  const taken = new Set(chosen.map(({ name }) => name));
  const others = fitting.filter(({ name }) => !taken.has(name));
  const adding = others.find(({ name }) => name === next) ?? others.find(({ available }) => available);
  if (fitting.length === 0 && chosen.length === 0) return null;

  return (
    <fieldset className={styles.field}>
      <legend>{t("create.loras")}</legend>
      {chosen.map(({ name, weight }) => {
        const lora = fitting.find((model) => model.name === name);
        const title = lora?.display_name ?? name;
        return (
          <NumberField
            key={name}
            label={title}
            hint={
              lora && lora.trigger_words.length > 0
                ? t("create.lora_words", { words: lora.trigger_words.join(", ") })
                : undefined
            }
            aside={
              <IconButton
                label={t("create.lora_remove", { name: title })}
                className={styles.remove}
                onClick={() => onChange(chosen.filter((use) => use.name !== name))}
              >
                <XIcon size={16} />
              </IconButton>
            }
            slider
            min={-1}
            max={2}
            step={0.05}
            value={weight}
            onChange={(value) =>
              onChange(chosen.map((use) => (use.name === name ? { name, weight: value } : use)))
            }
          />
        );
      })}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      {others.length > 0 && chosen.length < MAX_LORAS && (
        <div className={styles.adder}>
          <Select
            label={t("create.lora_add")}
            value={adding?.name ?? ""}
            options={others.map((model) => modelOption(model, t))}
            onChange={setNext}
          />
          <Button
            disabled={!adding?.available}
            onClick={() => adding && onChange([...chosen, { name: adding.name, weight: 1 }])}
          >
            <PlusIcon />
            {t("create.lora_add_button")}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
