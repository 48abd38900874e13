import { join } from 'node:path';
import type { ResourceMap } from './resource-map.ts';
import type { Resource } from './resource.ts';

const originAnnotation = 'config.kubernetes.io/origin';
const transformationsAnnotation = 'alpha.config.kubernetes.io/transformations';

/** What made an object or changed it: a field of a kustomization, or a plugin. */
export interface OriginMaker {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** Where an object comes from, relative to the folder that is built (KEP-style `buildMetadata`). */
export interface Origin {
  readonly path?: string;
  readonly configuredIn?: string;
  readonly configuredBy?: OriginMaker;
}

/** The origin of something that a path leads to from another origin. */
export function originAt(origin: Origin, path: string): Origin {
  return { ...origin, path: join(origin.path ?? '', path) };
}

/** The origin of what a field of a kustomization file makes or changes. */
export function madeBy(origin: Origin, fileName: string, kind: string): Origin {
  return {
    configuredIn: join(origin.path ?? '', fileName),
    configuredBy: { apiVersion: 'builtin', kind },
  };
}

/** The origin of what a plugin with a configuration of its own makes or changes; undefined where none is noted. */
export function madeByPlugin(config: Resource): Origin | undefined {
  const text = config.annotations.get(originAnnotation);
  if (text === undefined) return undefined;
  const { name, namespace } = config;
  const { version: apiVersion, kind } = config.gvk;
  const configuredIn = /^path: (.*)$/m.exec(text)?.[1] ?? '';
  const maker = { apiVersion, kind, name, ...(namespace === '' ? {} : { namespace }) };
  return { configuredIn, configuredBy: maker };
}

/** Notes where objects come from that have nothing noted yet. */
export function annotateOrigin(resources: Iterable<Resource>, origin: Origin): void {
  for (const resource of resources) {
    const { annotations } = resource;
    if (!annotations.has(originAnnotation)) setOrigin(resource, origin);
  }
}

/** Notes where an object comes from, whatever was noted. */
export function setOrigin(resource: Resource, origin: Origin): void {
  resource.setAnnotations(resource.annotations.set(originAnnotation, textOf(origin, '')));
}

/** Notes that all objects were changed; those without an origin it takes for new. */
export function annotateTransformation(map: ResourceMap, origin: Origin): void {
  for (const resource of map.resources) {
    const { annotations } = resource;
    if (annotations.has(originAnnotation)) {
      const known = annotations.get(transformationsAnnotation) ?? '';
      const entry = `- ${textOf(origin, '  ').slice(2)}`;
      resource.setAnnotations(annotations.set(transformationsAnnotation, `${known}${entry}`));
    } else {
      setOrigin(resource, origin);
    }
  }
}

/** Removes what was noted and not asked for. */
export function removeOrigins(map: ResourceMap, buildMetadata: readonly string[]): void {
  for (const resource of map.resources) {
    const { annotations } = resource;
    if (!buildMetadata.includes('originAnnotations')) annotations.delete(originAnnotation);
    if (!buildMetadata.includes('transformerAnnotations')) annotations.delete(transformationsAnnotation);
    resource.setAnnotations(annotations);
  }
}

function textOf({ path, configuredIn, configuredBy }: Origin, indent: string): string {
  const lines: string[] = [];
  if (path !== undefined && path !== '') lines.push(`path: ${path}`);
  if (configuredIn !== undefined) lines.push(`configuredIn: ${configuredIn}`);
  if (configuredBy !== undefined) {
    lines.push('configuredBy:');
    for (const [name, value] of Object.entries(configuredBy)) lines.push(`  ${name}: ${value}`);
  }
  return lines.map((line) => `${indent}${line}\n`).join('');
}
