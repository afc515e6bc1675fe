/** Pictures of one's own on their way into the gallery: dropped, pasted or chosen on any page, and listed until they are there. */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { onSessionChange, readSession } from "@/api/session";
import type { ImageDetails } from "@/api/types";
import { imageKeys } from "@/entities/image/queries";
import { userKeys } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { toast } from "@/ui/toasts";

import { DropArea } from "./DropArea";
import { isUnderWay, uploadQueue } from "./uploadQueue";
import { UploadTray } from "./UploadTray";
import { useIncomingFiles } from "./useIncomingFiles";

/** Lists are read anew once for all pictures that come within it. */
const GATHER_MS = 1000;

export function Uploads() {
  const { t } = useI18n();
  const client = useQueryClient();
  const uploads = useSyncExternalStore(uploadQueue.subscribe, uploadQueue.read);
  const busy = uploads.some(isUnderWay);
  const over = useIncomingFiles((files) => {
    if (files.length === 0) toast(t("uploads.nothing"));
    else uploadQueue.add(files);
  });

  useEffect(() => {
    uploadQueue.onKept = keeper(client);
  }, [client]);
  useEffect(
    () =>
      onSessionChange(() => {
        if (readSession().status !== "signed-out") return;
        uploadQueue.cancelAll();
        uploadQueue.clear();
      }),
    [],
  );
  useEffect(() => {
    if (!busy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [busy]);

  return (
    <>
      {uploads.length > 0 && <UploadTray uploads={uploads} />}
      {over && <DropArea />}
    </>
  );
}

function keeper(client: QueryClient): (image: ImageDetails) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (image) => {
    client.setQueryData(imageKeys.image(image.id), image);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const queryKey of [imageKeys.images, userKeys.me]) void client.invalidateQueries({ queryKey });
    }, GATHER_MS);
  };
}
