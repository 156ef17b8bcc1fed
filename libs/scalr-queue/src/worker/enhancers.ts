import { QueueConfigError } from '../contract/errors/configuration.errors.js';

/** Where Nest keeps what these decorators are given; the same in Nest 11 and 12. */
const DECORATORS = new Map([
  ['__guards__', '@UseGuards'],
  ['__interceptors__', '@UseInterceptors'],
  ['__pipes__', '@UsePipes'],
  ['__exceptionFilters__', '@UseFilters'],
]);

/**
 * Nest runs them for requests only: a handler that somebody believes to be guarded is not.
 * @param label of the handler
 * @param functions that the decorators of the method may have stood above
 * @throws QueueConfigError when there is one on the method or its class
 */
export function refuseEnhancers(label: string, prototype: object, functions: readonly unknown[]): void {
  const { constructor } = prototype;
  for (const [key, decorator] of DECORATORS) {
    for (const one of functions) if (typeof one === 'function') refuse(key, decorator, one, label);
    refuse(key, decorator, constructor, `the class ${constructor.name}, whose handler is ${label},`);
  }
}

function refuse(key: string, decorator: string, target: object, where: string): void {
  const found = Reflect.getMetadata(key, target) as unknown[] | undefined;
  if (!found || found.length === 0) return;
  const names = found.map((one) => (typeof one === 'function' ? one : (one as object).constructor).name);
  throw new QueueConfigError(
    `${decorator}(${names.join(', ')}) on ${where} would not run: Nest runs guards, interceptors, pipes and filters for requests, ` +
      'not for jobs. Remove it, and do its work in the handler, or in a service that both use; payloads are validated by the schema of the definition.',
  );
}
