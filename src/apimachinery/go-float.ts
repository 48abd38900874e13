/**
 * A float64 as Go's `%v` prints it (strconv 'g' with the fewest digits that read back): `0.5`, `1e+06`, `1e-07`,
 * `+Inf`, `NaN`.
 */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '0', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  const sign = Object.is(value, -0) ? '-' : '';
  // In between, JavaScript and Go both write plain digits.
  if (exponent >= -4 && exponent < 6) return `${sign}${value}`;
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
