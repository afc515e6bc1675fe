/** Short names for the wire models of the OpenAPI document. Nothing here is written by hand twice. */
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Tokens = Schemas["TokenAnswer"];
export type User = Schemas["UserOut"];
export type Me = Schemas["MeOut"];
export type Model = Schemas["ModelOut"];
/** A model that makes pictures by itself: what the others add to is one of these. */
export type Checkpoint = Model & {
  defaults: NonNullable<Model["defaults"]>;
  limits: NonNullable<Model["limits"]>;
};
export type Progress = Schemas["ProgressOut"];
export type Job = Schemas["JobOut"];
export type JobPage = Schemas["JobPage"];
export type JobBatch = Schemas["SubmittedOut"];
/** What is asked for: pictures from words, pictures from a picture and words, or a larger copy of a picture. */
export type JobRequest =
  Asked<Schemas["TextToImage"]> | Asked<Schemas["ImageToImage"]> | Asked<Schemas["Upscale"]>;
/** Without what is not taken yet. */
type Asked<S> = Omit<S, "collection_id">;
export type LoraUse = Schemas["LoraIn"];
export type Receipt = Schemas["ReceiptOut"];
export type Image = Schemas["ImageOut"];
export type ImagePage = Schemas["ImagePage"];
export type Transaction = Schemas["TransactionOut"];

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
