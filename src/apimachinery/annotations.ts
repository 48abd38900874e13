import { type FieldError, type FieldPath, invalid, tooLong } from './field-error.ts';
import { isQualifiedName } from './names.ts';

const bytesLimit = 256 * 1024;

/** Checks annotations: keys as those of labels whatever their case, and 256 KiB in all (ValidateAnnotations). */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): FieldError[] {
  let bytes = 0;
  const errors = Object.entries(annotations ?? {}).flatMap(([key, value]) => {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    return isQualifiedName(key.toLowerCase()).map((message) => invalid(path, key, message));
  });
  return bytes > bytesLimit ? [...errors, tooLong(path, bytesLimit)] : errors;
}
