/** A value does not fit its type; the message is the one of Go's json (or of the type that refused the value). */
export class TypedDecodeError extends Error {
  /** Whether reading ends here; other errors are told when nothing worse follows, the first of them. */
  readonly isFinal: boolean;

  constructor(message: string, isFinal = false) {
    super(message);
    this.name = 'TypedDecodeError';
    this.isFinal = isFinal;
  }
}
