import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsoleError } from './console.error.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Where the build puts the page, from the root of the package. */
const FOLDER = join('dist', 'console', 'page');
const PAGE = 'index.html';
/** The name of such a file holds a digest of what is in it. */
const HASHED = /-[\w-]{8}\.\w+$/;

/** The files of the page: all of them, read once, so that no path of a request ever reaches the disk. */
export class PageFiles {
  private files?: ReadonlyMap<string, Buffer>;

  /** @throws ConsoleError for what is no file of the page */
  send(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      throw new ConsoleError(405, 'METHOD_NOT_ALLOWED', 'use GET');
    }
    this.files ??= readPage();
    const name = path === '/' || path === '' ? PAGE : path.slice(1);
    const file = this.files.get(name);
    if (!file) throw new ConsoleError(404, 'NOT_FOUND', 'there is no such page');
    response.setHeader('Content-Type', TYPES[extname(name)]!);
    if (HASHED.test(name)) response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    response.end(file);
  }
}

function readPage(): ReadonlyMap<string, Buffer> {
  const folder = findFolder();
  const names = folder ? readdirSync(folder).filter((name) => TYPES[extname(name)] !== undefined) : [];
  return new Map(names.map((name) => [name, readFileSync(join(folder!, name))]));
}

/** This file may be part of any bundle of the package: its root is above it. */
function findFolder(): string | undefined {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const folder = join(at, FOLDER);
    if (existsSync(folder)) return folder;
  }
  return undefined;
}
