/** Picture sizes: in the usual proportions at about the model's own area, and nearest to those of another picture. */
import type { Checkpoint } from "@/api/types";

export interface Size {
  width: number;
  height: number;
}

export interface Shape extends Size {
  ratio: string;
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

/** The size nearest to that of a picture which the model can make, of the same shape as far as it can. Pixels. */
export function fitted({ width, height }: Size, limits: Checkpoint["limits"]): Size {
  const { multiple, min_size, max_size, max_pixels } = limits;
  const shrink = Math.min(1, max_size / Math.max(width, height), Math.sqrt(max_pixels / (width * height)));
  const factor = Math.max(shrink, min_size / Math.min(width, height));
  const least = Math.ceil(min_size / multiple) * multiple;
  const most = Math.floor(max_size / multiple) * multiple;
  const rounded = (side: number) =>
    Math.min(most, Math.max(least, Math.round((side * factor) / multiple) * multiple));
  const size = { width: rounded(width), height: rounded(height) };
  // Rounding up both sides may pass the limit of all pixels.
  while (size.width * size.height > max_pixels && Math.max(size.width, size.height) > least) {
    size[size.width >= size.height ? "width" : "height"] -= multiple;
  }
  return size;
}
