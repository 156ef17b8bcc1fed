import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { MethodName } from '../contract/method-marks.js';
import type { HandlerProvider } from './handler.providers.js';

/** Where Nest keeps what these decorators are given; the same in Nest 11 and 12. */
const DECORATORS = new Map([
  ['__guards__', '@UseGuards'],
  ['__interceptors__', '@UseInterceptors'],
  ['__pipes__', '@UsePipes'],
  ['__exceptionFilters__', '@UseFilters'],
]);

/** Guards, interceptors, pipes and filters, as they were given to the decorators of a method and of its class. */
export function enhancersOf(prototype: object, method: MethodName): unknown[] {
  return [...DECORATORS.keys()].flatMap((key) => [
    ...given(key, prototype.constructor),
    ...given(key, (prototype as Record<MethodName, unknown>)[method]),
  ]);
}

/**
 * A handler that somebody believes to be guarded is not, where a decorator is lost on its way.
 * @param label of the handler
 * @param functions that the decorators of the method may have stood above
 * @throws QueueConfigError
 */
export function refuseUnreached(
  label: string,
  { prototype, wrapper }: HandlerProvider,
  method: MethodName,
  functions: readonly unknown[],
): void {
  const reached = (prototype as Record<MethodName, unknown>)[method];
  for (const [key, decorator] of DECORATORS)
    for (const one of functions) {
      const lost = one === reached ? [] : given(key, one).filter((it) => !given(key, reached).includes(it));
      if (lost.length === 0) continue;
      throw new QueueConfigError(
        `${decorator}(${lost.map(nameOf).join(', ')}) on ${label} would not run: a decorator above it has put another function in the ` +
          `place of the method. Move ${decorator} above that decorator.`,
      );
    }
  const classes = enhancersOf(prototype, method).filter((one) => typeof one === 'function');
  const missing = classes.filter((one) => !wrapper.host?.injectables.has(one as never));
  if (missing.length === 0) return;
  throw new QueueConfigError(
    `${missing.map(nameOf).join(', ')} on ${label} would not run: Nest makes no instance of it, as ${prototype.constructor.name} is not ` +
      `itself a provider of ${wrapper.host?.name ?? 'its module'}. List the class in "providers", or give the decorator an instance.`,
  );
}

/** The class of an enhancer. */
export function nameOf(enhancer: unknown): string {
  return typeof enhancer === 'function' ? enhancer.name : (enhancer as object).constructor.name;
}

function given(key: string, target: unknown): unknown[] {
  if (typeof target !== 'function') return [];
  return (Reflect.getMetadata(key, target) as unknown[] | undefined) ?? [];
}
