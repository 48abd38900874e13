import type { NodeInfo } from '../scheduler-cache.ts';
import type { ScorePlugin } from '../framework.ts';

const mebibyte = 1024 * 1024;
const least = 23 * mebibyte;
const mostPerContainer = 1000 * mebibyte;

function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}

/** Prefers nodes that have the images of the pod, the larger the better; few nodes with an image weigh less. */
export const imageLocalityScore: ScorePlugin = {
  name: 'ImageLocality',
  weight: 1,
  prepare({ spec }, { nodes }) {
    const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
    const wanted = [
      ...containers.map(({ image = '' }) => image),
      ...(spec?.volumes ?? []).flatMap(({ image }) => image?.reference ?? []),
    ].map(withTag);
    const sizeOn = ({ node }: NodeInfo, image: string): number | undefined =>
      node.status?.images?.find(({ names }) => names?.includes(image) === true)?.sizeBytes;
    const spread = new Map(
      wanted.map((image) => [image, nodes.filter((node) => sizeOn(node, image) !== undefined).length / nodes.length]),
    );
    const most = mostPerContainer * containers.length;
    return {
      score(info) {
        const sum = wanted.reduce(
          (total, image) => total + Math.floor((sizeOn(info, image) ?? 0) * (spread.get(image) ?? 0)),
          0,
        );
        return Math.floor((100 * (Math.min(Math.max(sum, least), most) - least)) / (most - least));
      },
    };
  },
};
