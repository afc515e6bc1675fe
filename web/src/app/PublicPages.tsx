/** What everybody sees of pictures, with the parts that other pages have too. */
import { ExplorePage } from "@/features/explore/ExplorePage";
import { PicturePage } from "@/features/explore/PicturePage";
import { PublicFrame } from "@/features/explore/PublicFrame";
import { Parameters } from "@/features/gallery/Parameters";

export function PublicPicture({ id }: { id: string }) {
  return <PicturePage id={id} settings={(image) => <Parameters image={image} />} />;
}

/** For whoever has not signed in; who has sees it in the frame of the studio. */
export function PublicExplore() {
  return (
    <PublicFrame>
      <ExplorePage />
    </PublicFrame>
  );
}
