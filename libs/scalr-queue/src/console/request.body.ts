import type { IncomingMessage } from 'node:http';
import { ConsoleError } from './console.error.js';

const MOST = 64 * 1_024;

/** The JSON that came with a request; undefined when nothing came. The parser of the app around may have read it before. */
export async function bodyOf(request: IncomingMessage & { readonly body?: unknown }): Promise<unknown> {
  if (request.body !== undefined) return request.body;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST) throw new ConsoleError(413, 'INVALID_BODY', 'the body is too long');
    parts.push(part);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString()) as unknown;
  } catch {
    throw new ConsoleError(400, 'INVALID_BODY', 'the body is no JSON');
  }
}
