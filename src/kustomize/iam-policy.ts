import { KustomizeError } from './build-error.ts';
import type { Resource } from './resource.ts';
import { readResources } from './resource-reader.ts';

/** What an IAMPolicyGenerator is told. */
export interface IamPolicyArgs {
  readonly cloud?: string;
  readonly kubernetesService?: { readonly name?: string; readonly namespace?: string };
  readonly serviceAccount?: { readonly name?: string; readonly projectId?: string };
}

/** The service account of Kubernetes that acts as one of Google's cloud. @throws KustomizeError for other clouds */
export function iamPolicy({ cloud = '', kubernetesService = {}, serviceAccount = {} }: IamPolicyArgs): Resource[] {
  if (cloud !== 'gke') throw new KustomizeError(`cloud provider ${cloud} not supported yet`);
  const { name = '', namespace = '' } = kubernetesService;
  const { name: account = '', projectId = '' } = serviceAccount;
  // Put together as text, so that values are read as YAML like the real one's.
  const lines = [
    'apiVersion: v1',
    'kind: ServiceAccount',
    'metadata:',
    '  annotations:',
    `    iam.gke.io/gcp-service-account: ${account}@${projectId}.iam.gserviceaccount.com`,
    `  name: ${name}`,
    ...(namespace === '' ? [] : [`  namespace: ${namespace}`]),
  ];
  return readResources(`${lines.join('\n')}\n`);
}
