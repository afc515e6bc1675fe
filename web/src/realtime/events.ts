/** What the server says over the socket. Hints: whoever misses one reads the same facts over HTTP. */
import type { Image, Job } from "@/api/types";

export interface ServerEvents {
  "job:pending": { job_id: string };
  "job:queued": { job_id: string; position?: number | null; eta_seconds?: number | null };
  "job:started": { job_id: string; worker_id: string; total_steps: number | null };
  "job:progress": {
    job_id: string;
    step: number;
    total_steps: number;
    percent: number;
    step_name: string;
    preview_url: string | null;
    eta_seconds: number | null;
  };
  "job:completed": { job_id: string; image: Image | null; actual_credits: number };
  "job:failed": { job_id: string; code: string; message: string; refunded_credits: number };
  "job:canceled": { job_id: string; refunded_credits: number };
  "queue:position": { job_id: string } & Pick<Job, "position" | "eta_seconds" | "waiting_for">;
  "credits:updated": { balance: number; change: number; reason: string };
}
