import { useQueryClient } from "@tanstack/react-query";

import { uploadImage } from "@/api/generated";
import { asProblem, Problem } from "@/api/problem";
import { newIdempotencyKey } from "@/api/random";
import type { Image } from "@/api/types";
import { PICTURE_TYPES } from "@/entities/image/pictureTypes";
import { imageKeys } from "@/entities/image/queries";
import { userKeys } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import type { Translator } from "@/i18n/translate";
import { problemText } from "@/ui/problemText";

const TRIES = 3;

const nameOf = ({ file: { name, size, lastModified } }: { file: File }) => [name, size, lastModified];

/** Sends a picture in, which keeps it in the gallery. Sent again after a broken connection, it is kept once. */
export function useUpload(onKept: (image: Image) => void) {
  const client = useQueryClient();
  const mutation = useSingleMutation(
    {
      mutationFn: async ({ file, key }: { file: File; key: string }) => {
        // Files without a known type may still be pictures; the server looks inside.
        if (file.type !== "" && !PICTURE_TYPES.includes(file.type)) {
          throw new Problem({ code: "unsupported_media_type", status: 415 });
        }
        return uploadImage({ body: { file, visibility: "private" }, headers: { "idempotency-key": key } });
      },
      retry: (failures, error) => failures < TRIES && asProblem(error).outcomeUnknown,
      retryDelay: (failures) => 500 * 2 ** failures,
      onSuccess: (image) => {
        client.setQueryData(imageKeys.image(image.id), image);
        for (const queryKey of [imageKeys.images, userKeys.me]) void client.invalidateQueries({ queryKey });
        onKept(image);
      },
    },
    nameOf,
  );
  return {
    upload: (file: File) => {
      if (!mutation.isPending) mutation.mutate({ file, key: newIdempotencyKey() });
    },
    /** The name of the file on its way, if one is. */
    sending: mutation.isPending ? mutation.variables.file.name : null,
    done: mutation.isSuccess,
    error: mutation.error,
  };
}

/** Why a picture was not taken, where that says more than the same code elsewhere. */
export function uploadText(i18n: Translator, error: unknown): string {
  const problem = asProblem(error);
  const key = `upload_error.${problem.code}`;
  const { max_bytes: bytes, max_pixels: pixels, max_side: side, max_passes: passes } = problem.numbers;
  // A limit is named by its number, where the server tells it.
  const limit =
    bytes !== undefined
      ? i18n.find(`${key}.bytes`, { size: i18n.bytes(bytes) })
      : pixels !== undefined && side !== undefined
        ? i18n.find(`${key}.pixels`, { side, pixels })
        : passes !== undefined && i18n.find(`${key}.passes`, { passes });
  return limit || (i18n.find(key) ?? problemText(i18n, problem));
}
