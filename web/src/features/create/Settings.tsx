/** What a person may leave as it is: the model and how it works. */
import { memo } from "react";

import type { Checkpoint, Model } from "@/api/types";
import { CollectionField } from "@/entities/collection/CollectionField";
import { TagField } from "@/entities/image/TagField";
import { lorasFor } from "@/entities/model/loras";
import { useI18n } from "@/i18n/useI18n";
import { CheckField } from "@/ui/Choices";
import { NumberField } from "@/ui/NumberField";
import { Select } from "@/ui/Select";

import type { FormErrors } from "./check";
import { EMPTY_DRAFT, type Draft, type Filled, type Wordless } from "./draft";
import { MAX_CFG, MIN_CFG } from "./limits";
import { LoraField } from "./LoraField";
import { modelOption } from "./modelOption";
import { SeedField } from "./SeedField";

interface SettingsProps {
  models: Checkpoint[];
  /** Those that make pictures, and the parts for them. */
  all: Model[];
  model: Checkpoint;
  /** Without its words. */
  draft: Wordless<Draft>;
  values: Wordless<Filled>;
  errors: FormErrors;
  onEdit: (next: (before: Draft) => Draft) => void;
  onChange: (part: Partial<Draft>) => void;
}

/** Drawn again only when something of it changes, which words do not. */
export const Settings = memo(function Settings(props: SettingsProps) {
  const { models, all, model, draft, values, errors, onEdit, onChange } = props;
  const i18n = useI18n();
  const { t } = i18n;
  return (
    <>
      {models.length > 1 && (
        <Select
          label={t("recipe.model")}
          value={model.name}
          error={errors.model}
          options={models.map((model) => modelOption(model, t))}
          onChange={(name) => onEdit((before) => forModel(before, name, models, all))}
        />
      )}
      <NumberField
        label={t("recipe.steps")}
        slider
        min={1}
        max={model.limits.max_steps}
        value={values.steps}
        error={errors.steps}
        onChange={(steps) => onChange({ steps })}
      />
      <NumberField
        label={t("recipe.cfg_scale")}
        hint={t("create.cfg_hint")}
        slider
        min={MIN_CFG}
        max={MAX_CFG}
        step={0.5}
        value={values.cfg_scale}
        error={errors.cfg_scale}
        onChange={(cfg_scale) => onChange({ cfg_scale })}
      />
      <Select
        label={t("recipe.sampler")}
        value={values.sampler}
        error={errors.sampler}
        options={model.limits.samplers.map((value) => ({
          value,
          label: i18n.find(`recipe.sampler.${value}`) ?? value,
        }))}
        onChange={(sampler) => onChange({ sampler })}
      />
      <LoraField
        fitting={lorasFor(model, all)}
        chosen={draft.loras}
        error={errors.loras}
        onChange={(loras) => onChange({ loras })}
      />
      <SeedField seed={draft.seed} error={errors.seed} onChange={(seed) => onChange({ seed })} />
      <TagField
        label={t("picture.tags")}
        hint={t("create.tags_hint")}
        placeholder={t("tag.add")}
        error={errors.tags}
        values={draft.tags}
        onChange={(tags) => onChange({ tags })}
      />
      <CollectionField chosen={draft.collection} onChange={(collection) => onChange({ collection })} />
      <CheckField
        label={t("create.idle")}
        hint={t("create.idle_hint")}
        checked={draft.idle}
        onChange={(idle) => onChange({ idle })}
      />
    </>
  );
});

/** The draft for another model. Sizes and steps of one mean little to another; LoRAs stay where they fit. */
function forModel(draft: Draft, name: string, models: Checkpoint[], all: Model[]): Draft {
  const { prompt, negative_prompt, count, source, strength, idle, tags, collection } = draft;
  const model = models.find((other) => other.name === name);
  const fitting = new Set(model && lorasFor(model, all).map((lora) => lora.name));
  const loras = draft.loras.filter((lora) => fitting.has(lora.name));
  const kept = { prompt, negative_prompt, count, source, strength, idle, tags, collection };
  return { ...EMPTY_DRAFT, ...kept, loras, model: name };
}
