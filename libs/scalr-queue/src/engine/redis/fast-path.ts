import { Logger } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { ResolvedOptions } from '../../config/resolved-options.js';

/**
 * Minor versions of the engine whose own scripts ours have been compared with, key by key:
 * `test/integration/insert-job.int-spec.ts` and `finish-jobs.int-spec.ts`. With another one its own scripts are used until these have
 * passed with it.
 */
export const COMPARED_ENGINES: readonly string[] = ['6.7'];

const told = new Set<string | undefined>();

/**
 * Whether scripts of ours may do what those of the engine do, on its keys: not where the app says so, nor with a version that they
 * were not compared with, which the log tells once.
 * @param engine the version of the engine that is installed
 */
export function usesFastPath(
  { fastPath }: Pick<ResolvedOptions, 'fastPath'>,
  engine = engineVersion(),
): boolean {
  if (fastPath === 'off') return false;
  const minor = engine?.split('.', 2).join('.');
  if (minor !== undefined && COMPARED_ENGINES.includes(minor)) return true;
  if (!told.has(engine)) {
    told.add(engine);
    new Logger('ScalrQueue').warn(
      `the fast path was compared with BullMQ ${COMPARED_ENGINES.join(', ')}, and ${engine ?? 'an unknown version'} is installed: ` +
        "BullMQ's own scripts are used, which are slower. Install a version that was compared, or set fastPath: 'off' to accept it.",
    );
  }
  return false;
}

/** Upstream: BullMQ notes its version with each queue, from `metaValues`. Its `package.json` is out of reach of a bundle. */
function engineVersion(): string | undefined {
  const noted = Reflect.get(Queue.prototype, 'metaValues', {}) as { readonly version?: string } | undefined;
  return noted?.version?.split(':').at(-1);
}
