import { engineBehaviours } from '../../../../../test/conformance/engine/engine.behaviours.js';
import { resolveOptions } from '../../config/resolved-options.js';
import { QueueClosedError } from '../../contract/errors/enqueue.errors.js';
import type { Fault } from './memory.queues.js';
import { MemoryEngine } from './memory.engine.js';

function makeEngine(queues: Record<string, { maxBacklog?: number }> = {}): MemoryEngine {
  return new MemoryEngine(resolveOptions({ app: 'test', redis: 'redis://none.invalid', queues }));
}

/** What a call says when it refuses; empty when it does not. */
function thrownBy(call: () => unknown): string {
  try {
    call();
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the memory of a process', () => {
  engineBehaviours(async (queues) => makeEngine(queues));
});

describe('an engine in memory', () => {
  it.each<[Fault | undefined, { ready: boolean; refused: readonly string[] }]>([
    [undefined, { ready: true, refused: [] }],
    // Shows when a job is added.
    ['full', { ready: true, refused: [] }],
    ['hang-stored', { ready: false, refused: ['read'] }],
    ['hang-lost', { ready: false, refused: ['read'] }],
    ['down', { ready: false, refused: ['enqueue', 'read'] }],
  ])('refuses what a fault of a test leaves no use for: %s', (fault, expected) => {
    const engine = makeEngine();
    if (fault) engine.memory.fault = fault;
    const refused = (['enqueue', 'read'] as const).filter((purpose) =>
      thrownBy(() => engine.usable(purpose)).includes('is not reachable'),
    );
    expect({ ready: engine.ready, refused }).toEqual(expected);
  });

  it('takes nothing after the application has ended', () => {
    const engine = makeEngine();
    engine.onApplicationShutdown();
    expect(() => engine.usable()).toThrow(QueueClosedError);
  });
});
