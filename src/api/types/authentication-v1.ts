// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { Time } from './meta-v1.ts';

/** io.k8s.api.authentication.v1.BoundObjectReference */
export interface BoundObjectReference {
  apiVersion?: string;
  kind?: string;
  name?: string;
  uid?: string;
}

/** io.k8s.api.authentication.v1.SelfSubjectReview */
export interface SelfSubjectReview {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  status?: SelfSubjectReviewStatus;
}

/** io.k8s.api.authentication.v1.SelfSubjectReviewStatus */
export interface SelfSubjectReviewStatus {
  userInfo?: UserInfo;
}

/** io.k8s.api.authentication.v1.TokenRequest */
export interface TokenRequest {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: TokenRequestSpec;
  status?: TokenRequestStatus;
}

/** io.k8s.api.authentication.v1.TokenRequestSpec */
export interface TokenRequestSpec {
  audiences?: string[];
  boundObjectRef?: BoundObjectReference;
  expirationSeconds?: number;
}

/** io.k8s.api.authentication.v1.TokenRequestStatus */
export interface TokenRequestStatus {
  expirationTimestamp?: Time;
  token?: string;
}

/** io.k8s.api.authentication.v1.TokenReview */
export interface TokenReview {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: TokenReviewSpec;
  status?: TokenReviewStatus;
}

/** io.k8s.api.authentication.v1.TokenReviewSpec */
export interface TokenReviewSpec {
  audiences?: string[];
  token: string;
}

/** io.k8s.api.authentication.v1.TokenReviewStatus */
export interface TokenReviewStatus {
  audiences?: string[];
  authenticated?: boolean;
  error?: string;
  user?: UserInfo;
}

/** io.k8s.api.authentication.v1.UserInfo */
export interface UserInfo {
  extra?: Record<string, string[]>;
  groups?: string[];
  uid?: string;
  username?: string;
}
