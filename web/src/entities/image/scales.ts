/** Enlarging a picture: by which factors this studio can, and how it is asked for. */
import type { JobRequest, Model } from "@/api/types";

/** How many times larger an upscaler makes a picture when it does not say. */
const USUAL_SCALE = 4;

/** The factors of the installed upscalers that one may use, small to large. */
export function scalesOf(models: Model[]): number[] {
  const upscalers = models.filter(({ kind, available }) => kind === "upscaler" && available);
  return [...new Set(upscalers.map(({ scale }) => scale ?? USUAL_SCALE))].sort((a, b) => a - b);
}

/** The server chooses the upscaler that fits the factor. */
export function enlargeRequest(imageId: string, scale: number): JobRequest {
  return {
    job_type: "upscale",
    source_image: imageId,
    scale,
    format: "png",
    visibility: "private",
    lane: "normal",
  };
}
