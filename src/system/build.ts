/** The commit that this program was built from; empty where that is not known. The build puts it in. */
export const buildCommit = process.env['KUBECTL_TS_BUILD_COMMIT'] ?? '';

/** When that commit was made, RFC 3339. */
export const buildDate = process.env['KUBECTL_TS_BUILD_DATE'] ?? '1970-01-01T00:00:00Z';
