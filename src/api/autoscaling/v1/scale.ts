import type { TypeSource } from '../../type-language.ts';

/** The types of the scale subresource. */
export const scaleTypes: TypeSource = {
  package: 'io.k8s.api.autoscaling.v1',
  text: `
kind Scale
  metadata: meta.ObjectMeta=
  spec: ScaleSpec=
  status: ScaleStatus=

type ScaleSpec
  replicas: int32=

type ScaleStatus
  replicas!: int32=
  selector: string
`,
};
