import { engineBehaviours } from '../../../../../test/conformance/engine/engine.behaviours.js';
import { resolveOptions } from '../../config/resolved-options.js';
import { MemoryEngine } from './memory.engine.js';

describe('the memory of a process', () => {
  engineBehaviours(async (queues = {}) => {
    const app = resolveOptions({ app: 'test', redis: 'redis://none.invalid', queues });
    return new MemoryEngine(app);
  });
});
