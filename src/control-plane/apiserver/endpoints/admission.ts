import type { AdmissionAttributes } from '../../admission/admission-plugin.ts';

/** The admission chain as the endpoints call it: first everything that changes, then (later) everything that checks. */
export interface AdmissionChain {
  /** @throws StatusError to refuse. */
  mutate(request: AdmissionAttributes): Promise<void>;
  /** @throws StatusError to refuse. */
  validate(request: AdmissionAttributes): Promise<void>;
}

/** Lets everything through unchanged. */
export const admitAll: AdmissionChain = {
  mutate: () => Promise.resolve(),
  validate: () => Promise.resolve(),
};
