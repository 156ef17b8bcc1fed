import type { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { secure } from '../access/security.headers.js';

/** Answers a request whose `url` is what follows the path that it is mounted at. */
export type MountedHandler = (request: IncomingMessage, response: ServerResponse) => void;

type Adapter = HttpAdapterHost['httpAdapter'];
type Request = IncomingMessage & { originalUrl?: string; ip?: string };

/** What is used of fastify. */
interface Fastify {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: Request; readonly ip: string },
      reply: { readonly raw: ServerResponse; hijack(): void },
      done: () => void,
    ) => void,
  ): void;
}

/** Puts a handler in front of all of Nest. @throws QueueConfigError on a server that is neither express nor fastify */
export function mountAt(adapter: Adapter, path: string, handle: MountedHandler): void {
  const type = adapter.getType();
  if (type === 'express') adapter.use(path, handle);
  else if (type === 'fastify') hookIn(adapter.getInstance<Fastify>(), path, handle);
  else
    throw new QueueConfigError(
      `the dashboard needs @nestjs/platform-express or @nestjs/platform-fastify, the app runs on ${type}`,
    );
}

/** A page whose files stand beside it: its address has to end in a slash, which this adds. */
export const asFolder =
  (handle: MountedHandler): MountedHandler =>
  (request: Request, response) => {
    const [path = '', query] = (request.originalUrl ?? '').split('?', 2);
    const isPage = request.method === 'GET' || request.method === 'HEAD';
    if (!isPage || path === '' || path.endsWith('/') || !/^\/(?:\?|$)/.test(request.url ?? ''))
      return handle(request, response);
    secure(response);
    // Relative: a proxy may have taken a part of the path away.
    const location = `${path.slice(path.lastIndexOf('/') + 1)}/${query === undefined ? '' : `?${query}`}`;
    response.writeHead(308, { Location: location }).end();
  };

/** Before fastify reads the body, and whether or not it has middleware. */
function hookIn(fastify: Fastify, path: string, handle: MountedHandler): void {
  fastify.addHook('onRequest', ({ raw, ip }, reply, done) => {
    const { url = '/' } = raw;
    const rest = url.startsWith(path) ? url.slice(path.length) : undefined;
    if (rest === undefined || !/^(?:[/?]|$)/.test(rest)) return done();
    reply.hijack();
    raw.originalUrl ??= url;
    // As express has it: the client's address, where a proxy is trusted.
    raw.ip ??= ip;
    raw.url = rest.startsWith('/') ? rest : `/${rest}`;
    handle(raw, reply.raw);
  });
}
