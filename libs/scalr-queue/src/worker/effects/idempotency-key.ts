import { createHash } from 'node:crypto';

/**
 * A UUID (version 8) of an effect: every provider takes one, whatever ids and keys hold. Two jobs share none, not even with the same
 * chosen id in two apps that use one account of the other side.
 */
export function idempotencyKeyOf(app: string, name: string, id: string, key: string): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([app, name, id, key]))
    .digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
