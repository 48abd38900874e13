import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import {
  PolicyCompiler,
  type PolicyExpression,
  policyResults,
} from '../../../api/admissionregistration/policies/policy-compiler.ts';
import type { ValidatingWebhook } from '../../../api/types/admissionregistration-v1.ts';
import type { AdmissionContext } from '../admission-plugin.ts';
import { admissionObjects, byName, perVersion } from '../policies/policy-source.ts';

/** What webhooks of both kinds have. */
export type Webhook = ValidatingWebhook;

/** A webhook as its configuration registers it. */
export interface RegisteredWebhook<W extends Webhook> {
  /** Tells it from all others, also from those of the same name in its configuration. */
  readonly key: string;
  /** The name of the configuration. */
  readonly configuration: string;
  readonly webhook: W;
  /** Its match conditions. */
  readonly conditions: readonly PolicyExpression[];
}

interface Configuration<W> extends KubeObject {
  readonly webhooks?: readonly W[];
}

/** The webhooks of all configurations of a resource, by the configurations' names and then in their order. */
export function registeredWebhooks<W extends Webhook>(
  context: AdmissionContext,
  resource: string,
): () => Promise<readonly RegisteredWebhook<W>[]> {
  const list = admissionObjects<Configuration<W>>(context, resource);
  const webhooksOf = perVersion((configuration: Configuration<W>) => registered(configuration));
  return async () => {
    const configurations = await list();
    return configurations.length === 0 ? [] : configurations.toSorted(byName).flatMap(webhooksOf);
  };
}

function registered<W extends Webhook>({ metadata, webhooks = [] }: Configuration<W>): RegisteredWebhook<W>[] {
  const { name: configuration = '' } = metadata;
  const compiler = new PolicyCompiler(false);
  const scope = { hasParams: false, hasAuthorizer: true };
  const seen = new Map<string, number>();
  return webhooks.map((webhook) => {
    const count = seen.get(webhook.name) ?? 0;
    seen.set(webhook.name, count + 1);
    return {
      key: `${configuration}/${webhook.name}/${count}`,
      configuration,
      webhook,
      conditions: (webhook.matchConditions ?? []).map(({ expression }) =>
        compiler.compile(expression, scope, policyResults.condition),
      ),
    };
  });
}
