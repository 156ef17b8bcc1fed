/** How much of a job may still be shown. What is too long is cut, and says so. */
export class ByteAllowance {
  constructor(private rest: number) {}

  /** Bytes that may still be shown. */
  get left(): number {
    return this.rest;
  }

  /** @param all bytes of the whole, of which `text` is the beginning; without it `text` is the whole */
  text(text: string, all?: number): string {
    const bytes = Buffer.byteLength(text);
    const shown = all === undefined && bytes <= this.rest ? text : cut(text, this.rest, all ?? bytes);
    this.rest = Math.max(0, this.rest - bytes);
    return shown;
  }

  /** A value of JSON as it is, or the beginning of its text. */
  json(value: unknown, all?: number): unknown {
    const text = JSON.stringify(value) ?? 'null';
    const isWhole = all === undefined && Buffer.byteLength(text) <= this.rest;
    const shown = this.text(text, all);
    return isWhole ? value : shown;
  }
}

/** What stands for a value that was not read. */
export const oversize = (bytes: number): string => `... truncated, ${bytes} bytes in all`;

function cut(text: string, left: number, bytes: number): string {
  // The last character may have been cut in two.
  const start = Buffer.from(text)
    .subarray(0, left)
    .toString()
    .replace(/\uFFFD$/, '');
  return `${start}${start === '' ? '' : ' '}${oversize(bytes)}`;
}
