const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
};

/** What the system says of a file or folder that cannot be used, without its name; undefined for other errors. */
export function systemReason(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code];
}

/** The same, or an error's own message. */
export function systemReasonOrMessage(error: unknown): string {
  return systemReason(error) ?? (error instanceof Error ? error.message : String(error));
}
