import { submitJobs } from "@/entities/job/actions/submitJobs";
import type { Shortcut } from "@/shortcuts/shortcut";

export const SUBMIT: Shortcut = { label: submitJobs.label, keys: ["mod+Enter"] };
