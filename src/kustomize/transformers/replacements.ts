import { KustomizeError } from '../build-error.ts';
import type { ReplacementArgs } from '../kustomization.ts';
import type { Loader } from '../loader.ts';
import type { Transformer } from './transformer.ts';

/** Copies fields into others. */
export async function replacementTransformer(
  _replacements: readonly ReplacementArgs[],
  _loader: Loader,
): Promise<Transformer> {
  throw new KustomizeError('replacements are not supported by kubectl-ts yet');
}
