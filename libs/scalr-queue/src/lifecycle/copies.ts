import type { Provider, Type } from '@nestjs/common';

/** A copy of this package that is loaded in this process, and its classes that can be injected. */
interface Copy {
  readonly where: string;
  readonly services: ReadonlyMap<string, Type>;
}

const KEY = Symbol.for('scalr-queue.copies');
const { [KEY]: copies = new Set<Copy>() } = globalThis as { [KEY]?: Set<Copy> };
Object.defineProperty(globalThis, KEY, { value: copies, configurable: true });

/** This copy makes itself known to the others. */
export function registerCopy(services: readonly Type[]): Copy {
  const copy = { where: whereThisIs(), services: new Map(services.map((type) => [type.name, type])) };
  copies.add(copy);
  return copy;
}

/** Answers for the services of the other copies with those of this one. */
export function aliasesFor(own: Copy): Provider[] {
  return [...copies]
    .filter((copy) => copy !== own)
    .flatMap(({ services }) => [...services])
    .flatMap(([name, provide]) => {
      const ours = own.services.get(name);
      return ours && ours !== provide ? [{ provide, useExisting: ours }] : [];
    });
}

/** Where the copies are, when there are several. */
export function severalCopies(): string | undefined {
  return copies.size > 1 ? [...copies].map(({ where }) => where).join(' and ') : undefined;
}

/** The folder that this was built into, or the file that another bundler put it into; `import.meta` is not there in every build. */
function whereThisIs(): string {
  // The first line is the message, the second this function.
  const frame = new Error().stack?.split('\n')[1];
  const file = /(?:file:\/\/)?(\/[^()]+|[A-Za-z]:[^()]+?):\d+:\d+/.exec(frame ?? '')?.[1];
  return file?.replace(/\/(?:lifecycle\/copies|chunks\/[^/]+)\.[cm]?[jt]s$/, '') ?? 'an unknown place';
}
