/** What `JSON.stringify` makes of a value; undefined where that is nothing, or more than the limit in bytes. Never throws. */
export function plainJson(value: unknown, limit: number): unknown {
  let left = limit;
  // Ends early: the text of a large buffer would be far larger still.
  const withinLimit = (key: string, inner: unknown): unknown => {
    left -= key.length + (typeof inner === 'string' ? inner.length : 1);
    if (left < 0) throw new RangeError('too large');
    return inner;
  };
  try {
    if (ArrayBuffer.isView(value) && value.byteLength > limit) return undefined;
    const text = JSON.stringify(value, withinLimit) as string | undefined;
    return text === undefined || Buffer.byteLength(text) > limit ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
