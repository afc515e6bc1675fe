/** Picture sizes of about the model's own area in the usual proportions, within what the model allows. */
import type { Checkpoint } from "@/api/types";

export interface Shape {
  ratio: string;
  width: number;
  height: number;
}

const RATIOS = ["1:1", "3:2", "2:3", "16:9", "9:16"] as const;

export function shapesOf({ defaults, limits }: Pick<Checkpoint, "defaults" | "limits">): Shape[] {
  const area = defaults.width * defaults.height;
  const fit = (side: number) =>
    Math.min(
      limits.max_size,
      Math.max(limits.min_size, Math.round(side / limits.multiple) * limits.multiple),
    );
  return RATIOS.map((ratio) => {
    const [across = 1, down = 1] = ratio.split(":").map(Number);
    const width = Math.sqrt((area * across) / down);
    return { ratio, width: fit(width), height: fit((width * down) / across) };
  });
}
