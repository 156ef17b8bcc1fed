/** How much of a job may still be shown. What is too long is cut, and says so. */
export class ByteAllowance {
  constructor(private left: number) {}

  text(text: string): string {
    const bytes = Buffer.byteLength(text);
    const shown = bytes <= this.left ? text : cut(text, this.left, bytes);
    this.left = Math.max(0, this.left - bytes);
    return shown;
  }

  /** A value of JSON as it is, or the beginning of its text. */
  json(value: unknown): unknown {
    const text = JSON.stringify(value) ?? 'null';
    const bytes = Buffer.byteLength(text);
    return bytes <= this.left ? (this.text(text), value) : this.text(text);
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
