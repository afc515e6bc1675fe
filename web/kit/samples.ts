/** Names that are the same in every language. */
import type { Option } from "@/ui/Select";

export const SAMPLERS: Option[] = [
  { value: "euler", label: "Euler" },
  { value: "heun", label: "Heun" },
  { value: "dpmpp_2m", label: "DPM++ 2M Karras" },
  { value: "lcm", label: "LCM", disabled: true },
];

export const MODELS: Option[] = [
  { value: "house", label: "House Sketch 1.5" },
  { value: "coast", label: "Coastline XL" },
  { value: "paper", label: "Paper Cut" },
];
