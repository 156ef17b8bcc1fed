import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { JobHandler } from './handler.explorer.js';

/** The queues that handlers exist for. */
export function queuesOf(handlers: ReadonlyMap<string, JobHandler>): Set<string> {
  return new Set([...handlers.values()].map(({ definition }) => definition.queue));
}

/**
 * The queues to work on: those with handlers, less those that the process was told to leave alone.
 *
 * @param bridged queues of `@Processor` classes
 * @throws QueueConfigError for a queue that nobody handles, or that both kinds of handlers want
 */
export function selectQueues(
  handlers: ReadonlyMap<string, JobHandler>,
  wanted: readonly string[] | undefined,
  bridged: readonly string[],
): Set<string> {
  const own = queuesOf(handlers);
  const shared = bridged.find((name) => own.has(name));
  if (shared !== undefined) {
    throw new QueueConfigError(
      `the queue "${shared}" has both @ProcessJob handlers and a @Processor class: each would take the other's jobs. ` +
        'Give one of them another queue.',
    );
  }
  const known = new Set([...own, ...bridged]);
  for (const name of wanted ?? []) {
    if (known.has(name)) continue;
    const list = [...known].toSorted().join(', ') || 'none';
    throw new QueueConfigError(
      `unknown queue "${name}" in SCALR_WORKER_QUEUES (or the option queues): handlers exist for ${list}`,
    );
  }
  return wanted ? new Set(wanted) : known;
}
