import { isJsonObject } from '../../../apimachinery/json.ts';
import { parseYamlDocuments, YamlError } from '../../../apimachinery/yaml.ts';

/** Node selectors: clusterDefaultNodeSelector, and by namespace what the pods there may select. */
export type PodNodeSelectorConfiguration = Readonly<Record<string, string>>;

/** Reads the configuration of PodNodeSelector, which has no kind: what cannot be read is passed over, as ever. */
export function readPodNodeSelectorConfiguration(text: string | undefined): PodNodeSelectorConfiguration {
  if (text === undefined) return {};
  try {
    for (const { value } of parseYamlDocuments(text)) {
      if (!isJsonObject(value)) continue;
      // Go's json takes names in any case.
      const [, selectors] =
        Object.entries(value).find(([name]) => name.toLowerCase() === 'podnodeselectorpluginconfig') ?? [];
      if (!isJsonObject(selectors)) continue;
      const texts = Object.entries(selectors).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      return Object.fromEntries(texts);
    }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
  }
  return {};
}
