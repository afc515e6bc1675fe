/** Which LoRAs go with a model, as the server decides it: made for a base of it, or for it by name. */
import type { Model } from "@/api/types";

/** The LoRAs that fit. One that does not say what it was made for may be tried. */
export function lorasFor(model: Model, all: Model[]): Model[] {
  return all.filter((part) => part.kind === "lora" && fits(part, model));
}

function fits(part: Model, model: Model): boolean {
  if (part.base.length === 0 || model.base.length === 0) return true;
  return part.base.some((base) => base === model.name || model.base.includes(base));
}
