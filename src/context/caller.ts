import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

declare module 'scalr-queue' {
  interface CarriedContext {
    /** Of the request that the job comes from: one id over web, worker and whatever they call. */
    correlationId: string;
    /** Whose work it is. */
    tenant: string;
  }
}

/** Who makes the request. */
export interface Caller {
  readonly correlationId: string;
  readonly tenant?: string | undefined;
}

const FIT = /^[\w.-]{1,64}$/;
const callers = new AsyncLocalStorage<Caller>();

/** Who makes the request that the current code runs for. */
export const currentCaller = (): Caller | undefined => callers.getStore();

/** Runs code as for a request of that caller. */
export const asCaller = <T>(caller: Caller, work: () => T): T => callers.run(caller, work);

/** Middleware: takes the caller from the headers; a header that is not fit for a log line counts as none. */
export function rememberCaller(
  { headers }: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  const fit = (name: string) => [headers[name]].flat().find((text) => text !== undefined && FIT.test(text));
  const correlationId = fit('x-correlation-id') ?? randomUUID();
  response.setHeader('x-correlation-id', correlationId);
  asCaller({ correlationId, tenant: fit('x-tenant') }, next);
}
