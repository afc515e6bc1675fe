/** Short names for the wire models of the OpenAPI document. Nothing here is written by hand twice. */
import type { ImageToImage, LoraIn, ModelOut, TextToImage, Upscale } from "./generated";

export type {
  AnnouncementOut as Announcement,
  AuditEntryOut as AuditEntry,
  GrantOut as Grant,
  ImageOut as Image,
  ImagePage,
  JobOut as Job,
  JobPage,
  MeOut as Me,
  ModelOut as Model,
  PersonDetailsOut as PersonDetails,
  PersonOut as Person,
  ProgressOut as Progress,
  ReceiptOut as Receipt,
  SubmittedOut as JobBatch,
  TokenAnswer as Tokens,
  TransactionOut as Transaction,
  UserOut as User,
} from "./generated";

/** A model that makes pictures by itself: what the others add to is one of these. */
export type Checkpoint = ModelOut & {
  defaults: NonNullable<ModelOut["defaults"]>;
  limits: NonNullable<ModelOut["limits"]>;
};
/** A LoRA that joins in, and how strongly. */
export type LoraUse = Required<LoraIn>;
/** What is asked for: pictures from words, pictures from a picture and words, or a larger copy of a picture. */
export type JobRequest = Asked<TextToImage> | Asked<ImageToImage> | Asked<Upscale>;
/** Without what is not taken yet. */
type Asked<S> = Omit<S, "collection_id">;

/** What a picture was, or shall be, made with: `parameters` of a job and `generation_params` of an image. */
export interface Recipe {
  model?: string;
  prompt?: string;
  negative_prompt?: string;
  /** The prompt as it was run, where that differs: one of the choices taken, LoRAs taken out. */
  resolved_prompt?: string;
  width?: number;
  height?: number;
  steps?: number;
  cfg_scale?: number;
  sampler?: string;
  seed?: number;
  clip_skip?: number;
  loras?: LoraUse[];
  controlnet?: unknown[];
  vae?: string | null;
  job_type?: string;
  /** Of pictures made from another. */
  source_image?: string;
  strength?: number;
  /** Of enlarged pictures. */
  scale?: number;
}
