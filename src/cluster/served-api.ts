import {
  documentationWithInitializers,
  initializerConfigurationResource,
  typesWithInitializers,
} from '../api/admissionregistration/v1alpha1/initializer-configuration.ts';
import type { Documentation } from '../api/documentation.ts';
import { builtInResources, builtInTypes } from '../api/registry.ts';
import type { ResourceDefinition, TypeDefinition } from '../api/resource-definition.ts';
import type { Logger } from '../system/logger.ts';
import type { ComponentArguments } from './component-arguments.ts';
import { type FeatureGates, isOpen, openedGates } from './feature-gates.ts';
import { enabledResources, hasRuntimeConfig, missingFromConfig } from './runtime-config.ts';

/** The API that flags and gates leave a server: its resources with their types and texts. */
export interface ServedApi {
  readonly resources: readonly ResourceDefinition[];
  /** All types by full name. */
  types(): ReadonlyMap<string, TypeDefinition>;
  /** Whether it is what the build knows, whose documents are there. */
  readonly isUsual: boolean;
  /** Feature gates that are open though they are closed by default. */
  readonly openGates: ReadonlySet<string>;
  /** Adds the texts of types that are no part of Kubernetes. */
  documentation(texts: Documentation): Documentation;
}

/** Reads --runtime-config, and what the gates bring. @throws ComponentArgumentError */
export async function servedApi(flags: ComponentArguments, gates: FeatureGates, log: Logger): Promise<ServedApi> {
  const usual = gates.Initializers ? [...builtInResources, initializerConfigurationResource] : builtInResources;
  const usualTypes = gates.Initializers ? typesWithInitializers : builtInTypes;
  const documentation = (texts: Documentation): Documentation =>
    gates.Initializers ? documentationWithInitializers(texts) : texts;
  const openGates = openedGates(gates);
  if (!hasRuntimeConfig(flags)) {
    return { resources: usual, types: usualTypes, isUsual: !gates.Initializers, openGates, documentation };
  }
  const { missingResources, optionalResources } = await import('../api/optional-resources.ts');
  const { knowingEachOther, typesWith } = await import('../api/optional-resource.ts');
  const definitions = optionalResources.map(({ definition }) => definition);
  for (const name of missingFromConfig(missingResources, [...usual, ...definitions], flags)) {
    log.warn('this server does not serve a resource that --runtime-config turns on', { resource: name });
  }
  const on = new Set(enabledResources(usual, definitions, flags));
  const more = optionalResources.filter(({ definition, gate }) => {
    if (!on.has(definition)) return false;
    if (gate === undefined || isOpen(gates, gate)) return true;
    log.warn(`${definition.kind} storage is disabled because the ${gate} feature gate is disabled`);
    return false;
  });
  let types: ReadonlyMap<string, TypeDefinition> | undefined;
  return {
    resources: knowingEachOther([
      ...usual.filter((definition) => on.has(definition)),
      ...more.map(({ definition }) => definition),
    ]),
    types: () => (types ??= typesWith(more, usualTypes())),
    isUsual: false,
    openGates,
    documentation,
  };
}
