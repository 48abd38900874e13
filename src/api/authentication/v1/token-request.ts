import type { TypeSource } from '../../type-language.ts';

/** The types of the token subresource of service accounts. */
export const tokenRequestTypes: TypeSource = {
  package: 'io.k8s.api.authentication.v1',
  text: `
type BoundObjectReference
  apiVersion: string
  kind: string
  name: string
  uid: string

kind TokenRequest
  metadata: meta.ObjectMeta=
  spec: TokenRequestSpec=
  status: TokenRequestStatus=

type TokenRequestSpec
  audiences: [string] atomic
  boundObjectRef: BoundObjectReference
  expirationSeconds: int64

type TokenRequestStatus
  expirationTimestamp: meta.Time
  token: string=
`,
};
