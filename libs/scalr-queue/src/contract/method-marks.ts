import { QueueConfigError } from './errors/configuration.errors.js';

/** Name of a method. */
export type MethodName = string | symbol;

/**
 * What a decorator says of the methods of classes. It is kept by the name of the method: a decorator above may put a function of
 * its own in the place of this one, and a subclass may override it.
 */
export class MethodMarks<T> {
  /** @param key the same in every copy of the package */
  constructor(private readonly key: symbol) {}

  /** @param change from what is known of this very method to what is known now */
  set(prototype: object, method: MethodName, change: (known: T | undefined) => T): void {
    const own = this.ownOf(prototype) ?? new Map<MethodName, T>();
    Reflect.defineMetadata(this.key, own.set(method, change(own.get(method))), prototype);
  }

  /** What the nearest class says of it. */
  get(prototype: object, method: MethodName): T | undefined {
    for (const one of chainOf(prototype)) {
      const mark = this.ownOf(one)?.get(method);
      if (mark !== undefined) return mark;
    }
    return undefined;
  }

  /** The methods that this class or one of its bases marks. */
  names(prototype: object): MethodName[] {
    const names = chainOf(prototype).flatMap((one) => [...(this.ownOf(one)?.keys() ?? [])]);
    return [...new Set(names)];
  }

  private ownOf(prototype: object): Map<MethodName, T> | undefined {
    return Reflect.getOwnMetadata(this.key, prototype) as Map<MethodName, T> | undefined;
  }
}

/**
 * Whether what a decorator stands above can be called on an instance.
 * @throws QueueConfigError for anything but a method
 */
export function checkMethod(
  decorator: string,
  target: object,
  method: MethodName | object | undefined,
  descriptor: PropertyDescriptor | undefined,
): void {
  const fail = (what: string, fix: string): never => {
    throw new QueueConfigError(`expected ${decorator} to stand above a method, but ${what}: ${fix}`);
  };
  if (typeof method === 'object')
    return fail(
      'it got a standard decorator context',
      'set "experimentalDecorators": true in tsconfig.json, as Nest needs it',
    );
  const isStatic = typeof target === 'function';
  const owner = isStatic ? target.name : target.constructor.name;
  if (method === undefined) return fail(`${owner} is a class`, 'move it to the method that runs the job');
  const name = String(method);
  const label = `${owner}.${name}`;
  const asMethod = `write it as async ${name}(payload, ctx) { ... }`;
  if (isStatic)
    return fail(`${label} is static`, 'remove "static", and provide the class in a module of the worker');
  if (descriptor && !('value' in descriptor)) return fail(`${label} is an accessor`, asMethod);
  if (typeof descriptor?.value !== 'function') return fail(`${label} is a property`, asMethod);
}

function chainOf(prototype: object): object[] {
  const chain: object[] = [];
  for (let one: object | null = prototype; one && one !== Object.prototype; one = Object.getPrototypeOf(one))
    chain.push(one);
  return chain;
}
