import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import type { YamlNode } from './yaml-node.ts';

/** A node as YAML, for messages and for texts that hold YAML themselves. */
export function nodeText(node: YamlNode): string {
  return stringifyYaml(node.toJson());
}
