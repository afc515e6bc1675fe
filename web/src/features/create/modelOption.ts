/** A model in a list to choose from; one that the plan does not include says which plans do. */
import type { Model } from "@/api/types";
import type { Translator } from "@/i18n/translate";
import type { Option } from "@/ui/Select";

export function modelOption(model: Model, t: Translator["t"]): Option {
  const { name, display_name, available, required_tiers } = model;
  const label = available
    ? display_name
    : t("create.model_locked", { model: display_name, plans: required_tiers.join(", ") });
  return { value: name, label, disabled: !available };
}
