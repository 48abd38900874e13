import { decodeTyped } from '../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../apimachinery/decoding/typed-decode-error.ts';
import { withYamlStrings } from '../../apimachinery/decoding/yaml-strings.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import { parseYaml, YamlError } from '../../apimachinery/yaml.ts';
import type { CommandContext } from '../../cli/command.ts';
import { requireKnownType } from '../../cli/known-types.ts';

const container = 'io.k8s.api.core.v1.Container';

/**
 * Reads a part of a container as sigs.k8s.io/yaml reads YAML into its type: numbers and booleans become text where the
 * type has text, fields that it does not have are dropped. @throws Error in the words of the real program
 */
export async function readCustomPart(text: string, context: CommandContext): Promise<JsonObject> {
  const { types } = await requireKnownType({ apiVersion: 'v1', kind: 'Pod' }, context);
  try {
    return decodeTyped(withYamlStrings(parseYaml(text), { ref: container }, types), container, types).object;
  } catch (error) {
    if (error instanceof YamlError)
      throw new Error(`error converting YAML to JSON: ${error.message}`, { cause: error });
    if (!(error instanceof TypedDecodeError)) throw error;
    // Read straight into its type, the outermost struct has no name in messages.
    const message = error.message.replace(/(?<=Go struct field )\w+(?=\.)/, '');
    throw new Error(`error unmarshaling JSON: while decoding JSON: ${message}`, { cause: error });
  }
}
