/**
 * What the service takes from anybody, whatever the model. A test holds these against the OpenAPI document; the
 * server has the last word in any case.
 */
export const MAX_PROMPT = 2000;
export const MAX_COUNT = 16;
export const MIN_CFG = 1;
export const MAX_CFG = 30;
export const MAX_SEED = 2 ** 32 - 1;

/** In the order in which they are offered; the locale files have their names. */
export const SAMPLERS = [
  "dpmpp_2m",
  "dpmpp_2m_karras",
  "euler",
  "euler_a",
  "heun",
  "ddim",
  "unipc",
  "lcm",
] as const;
