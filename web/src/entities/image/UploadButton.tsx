/** Chooses pictures of one's own, or a folder of them, to be kept in the gallery. */
import { FolderIcon, ImagesIcon, UploadIcon } from "lucide-react";
import { useRef } from "react";

import { useI18n } from "@/i18n/useI18n";
import { Button, type ButtonLook } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

import { offerFiles } from "./offeredFiles";
import { PICTURE_ACCEPT } from "./pictureTypes";

/** Which React has no name for. */
const A_FOLDER = { webkitdirectory: "" };

interface UploadButtonProps {
  look?: ButtonLook;
  /** Its icon alone, where there is no room for its words. */
  short?: boolean;
}

export function UploadButton({ look = "plain", short = false }: UploadButtonProps) {
  const { t } = useI18n();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const offer = (input: HTMLInputElement) => {
    const chosen = [...(input.files ?? [])];
    // The same ones may be chosen again after a failure.
    input.value = "";
    if (chosen.length > 0) offerFiles(chosen);
  };
  return (
    <>
      <Menu
        align="end"
        button={
          short ? (
            <IconButton label={t("upload.button")}>
              <UploadIcon />
            </IconButton>
          ) : (
            <Button look={look}>
              <UploadIcon size={16} />
              {t("upload.button")}
            </Button>
          )
        }
        entries={[
          { label: t("upload.choose_files"), icon: ImagesIcon, onSelect: () => files.current?.click() },
          { label: t("upload.choose_folder"), icon: FolderIcon, onSelect: () => folder.current?.click() },
        ]}
      />
      <input
        ref={files}
        type="file"
        hidden
        multiple
        accept={PICTURE_ACCEPT}
        aria-label={t("upload.choose_files")}
        onChange={(event) => offer(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        {...A_FOLDER}
        aria-label={t("upload.choose_folder")}
        onChange={(event) => offer(event.currentTarget)}
      />
    </>
  );
}
