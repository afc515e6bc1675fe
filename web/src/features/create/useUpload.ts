import { useQueryClient } from "@tanstack/react-query";

import { uploadImage } from "@/api/generated";
import { asProblem, Problem } from "@/api/problem";
import { newIdempotencyKey } from "@/api/random";
import type { Image } from "@/api/types";
import { isNoPicture } from "@/entities/image/pictureTypes";
import { imageKeys } from "@/entities/image/queries";
import { userKeys } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";

const TRIES = 3;

const nameOf = ({ file: { name, size, lastModified } }: { file: File }) => [name, size, lastModified];

/** Sends a picture in, which keeps it in the gallery. Sent again after a broken connection, it is kept once. */
export function useUpload(onKept: (image: Image) => void) {
  const client = useQueryClient();
  const mutation = useSingleMutation(
    {
      mutationFn: async ({ file, key }: { file: File; key: string }) => {
        if (isNoPicture(file)) throw new Problem({ code: "unsupported_media_type", status: 415 });
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
