/**
 * A float64 as Go's `%v` prints it (strconv 'g' with the fewest digits that read back): `0.5`, `1e+06`, `1e-07`,
 * `+Inf`, `NaN`. With 32 bits the digits are those a float32 needs.
 */
export function formatGoFloat(value: number, bits: 32 | 64 = 64): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const shortest = bits === 64 ? value : shortestFloat32(value);
  const [mantissa = '0', power = '0'] = shortest.toExponential().split('e');
  const exponent = Number(power);
  const sign = Object.is(value, -0) ? '-' : '';
  // In between, JavaScript and Go both write plain digits.
  if (exponent >= -4 && exponent < 6) return `${sign}${shortest}`;
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** The number with the fewest digits that is the same float32. */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}
