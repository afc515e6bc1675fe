/** Short names for the wire models of the OpenAPI document. Nothing here is written by hand twice. */
import type { ImageToImage, LoraIn, ModelOut, PlanBody, ReportBody, TextToImage, Upscale } from "./generated";

export type {
  AdminPlanOut as AdminPlan,
  AnnouncementOut as Announcement,
  AuditEntryOut as AuditEntry,
  BillingEventOut as BillingEvent,
  CheckoutOut as CheckoutStarted,
  CheckoutStateOut as Checkout,
  CodeOut as Code,
  CollectionBody as CollectionFacts,
  CollectionOut as Collection,
  CollectionPage,
  FiguresOut as UsageFigures,
  GrantOut as Grant,
  HeldOut as HeldSubscription,
  HiddenImageOut as HiddenImage,
  ImageDetailsOut as ImageDetails,
  ImageOut as Image,
  ImagePage,
  JobOut as Job,
  JobPage,
  JudgedImageOut as JudgedImage,
  LikesOut as Likes,
  LineageOut as Lineage,
  MeOut as Me,
  ModelOut as Model,
  MonthOut as RevenueMonth,
  NewCodeBody as NewCode,
  OptionOut as PlanOption,
  PackOut as Pack,
  PersonDetailsOut as PersonDetails,
  PersonOut as Person,
  PlanBody as PlanChoice,
  PlanChanges,
  PlanList as Offers,
  PlanOut as Plan,
  PortalOut as CustomerPages,
  ProgressOut as Progress,
  PublicImageOut as PublicImage,
  PublicImagePage,
  ReceiptOut as Receipt,
  RedeemedOut as Redeemed,
  ReportedImageOut as ReportedImage,
  SubmittedOut as JobBatch,
  SubscriptionOut as Subscription,
  TokenAnswer as Tokens,
  TouchedOut as Touched,
  TransactionOut as Transaction,
  UsageOut as Usage,
  UserOut as User,
} from "./generated";

/** Why a picture is reported, or hidden. */
export type ReportReason = ReportBody["reason"];
export type BillingCycle = PlanBody["billing_cycle"];

/** A model that makes pictures by itself: what the others add to is one of these. */
export type Checkpoint = ModelOut & {
  defaults: NonNullable<ModelOut["defaults"]>;
  limits: NonNullable<ModelOut["limits"]>;
};
/** A LoRA that joins in, and how strongly. */
export type LoraUse = Required<LoraIn>;
/** What is asked for: pictures from words, pictures from a picture and words, or a larger copy of a picture. */
export type JobRequest = TextToImage | ImageToImage | Upscale;

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
