/**
 * What the service takes from anybody, whatever the model. A test holds these against the OpenAPI document; the
 * server has the last word in any case.
 */
export const MAX_PROMPT = 20_000;
/** What text encoders read of a prompt. How many tokens a word has depends on the model, so the server counts. */
export const MAX_CHUNKS = 64;
export const TOKENS_A_CHUNK = 75;
export const MAX_COUNT = 16;
export const MIN_CFG = 1;
export const MAX_CFG = 30;
/** The service takes seeds up to 2⁶³−1; beyond this a browser's numbers have gaps. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;
export const MAX_LORAS = 8;
export const MAX_LORA_WEIGHT = 4;

/** How much of a source is made anew when nobody says. Below the least the slider offers nothing would change. */
export const STRENGTH = 0.75;
export const MIN_STRENGTH = 0.05;
