/** What uploads may be, by their types. */
export const PICTURE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif", "image/heic", "image/heif"];
/** The same as a file input wants it. Not every system knows what a phone's file is, so those go by their names too. */
export const PICTURE_ACCEPT = [...PICTURE_TYPES, ".heic", ".heif", ".avif"].join();
