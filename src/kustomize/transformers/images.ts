import { KustomizeError } from '../build-error.ts';
import { type FieldSpec, visitField } from '../field-spec.ts';
import type { ImageArgs } from '../kustomization.ts';
import { wrongKind, type YamlNode } from '../yaml-node.ts';
import type { Transformer } from './transformer.ts';

/** Gives images another name, tag or digest: those of all lists called containers, and of the fields of the specs. */
export function imageTransformer(image: ImageArgs, fieldSpecs: readonly FieldSpec[]): Transformer {
  const matches = imageMatcher(image.name ?? '');
  const update = (node: YamlNode): void => {
    if (node.isNull) return;
    if (node.kind !== 'scalar') throw wrongKind(node, 'scalar');
    if (matches(node.text)) node.setScalar(changedImage(node.text, image));
  };
  return (map) => {
    // The definition of a kind has no containers; it may well have fields of that name.
    const resources = map.resources.filter(({ kind }) => kind !== 'CustomResourceDefinition');
    for (const { node } of resources) updateContainers(node, update);
    for (const { node } of resources) for (const spec of fieldSpecs) visitField(node, spec, update);
  };
}

/** The name stands for a regular expression, as in kustomize. */
function imageMatcher(name: string): (image: string) => boolean {
  try {
    const pattern = new RegExp(`^${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`);
    return (image) => pattern.test(image);
  } catch {
    throw new KustomizeError(`the image name ${JSON.stringify(name)} is no regular expression`);
  }
}

function updateContainers(node: YamlNode, update: (node: YamlNode) => void): void {
  if (node.kind === 'sequence') for (const item of node.items) updateContainers(item, update);
  for (const [name, value] of node.fields) {
    updateContainers(value, update);
    if ((name === 'containers' || name === 'initContainers') && value.kind === 'sequence') {
      for (const container of value.items) {
        const image = container.get('image');
        if (image !== undefined) update(image);
      }
    }
  }
}

function changedImage(current: string, image: ImageArgs): string {
  let { name, tag, digest } = splitImage(current);
  const { newName = '', newTag = '', digest: newDigest = '', tagSuffix = '' } = image;
  if (newName !== '') name = newName;
  if (newTag !== '' || newDigest !== '') {
    tag = newTag;
    digest = newDigest;
  } else if (tagSuffix !== '') {
    tag += tagSuffix;
    digest = '';
  }
  return `${name}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}

/** `host:5000/name:tag@sha256:…` in its parts. */
function splitImage(image: string): { name: string; tag: string; digest: string } {
  const slash = Math.max(image.indexOf('/'), 0);
  const at = image.indexOf('@', slash);
  const colon = image.indexOf(':', slash);
  if (at >= 0 && (colon < 0 || at < colon)) {
    return { name: image.slice(0, at), tag: '', digest: image.slice(at + 1) };
  }
  if (colon < 0) return { name: image, tag: '', digest: '' };
  const name = image.slice(0, colon);
  if (at < 0) return { name, tag: image.slice(colon + 1), digest: '' };
  return { name, tag: image.slice(colon + 1, at), digest: image.slice(at + 1) };
}
