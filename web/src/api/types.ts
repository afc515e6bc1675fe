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
/** Without the fields that the form does not offer yet. */
export type JobRequest = Omit<
  Schemas["TextToPicture"],
  "controlnet" | "vae" | "collection_id" | "guidance" | "loras"
>;
export type Receipt = Schemas["ReceiptOut"];
export type Image = Schemas["ImageOut"];
export type ImagePage = Schemas["ImagePage"];
export type Transaction = Schemas["TransactionOut"];

/** What a picture was, or shall be, made with: `parameters` of a job and `generation_params` of an image. */
export interface Recipe {
  model?: string;
  prompt?: string;
  negative_prompt?: string;
  width?: number;
  height?: number;
  steps?: number;
  cfg_scale?: number;
  sampler?: string;
  seed?: number;
}
