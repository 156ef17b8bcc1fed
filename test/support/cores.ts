import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/**
 * For the tests of this file or block the machine has so many cores: pools of threads are as large as that. How a pool
 * behaves does not depend on the machine then; the threads still share what cores there are.
 */
export function pretendCores(count: number): void {
  const real = os.availableParallelism;
  const set = (parallelism: typeof real) => {
    os.availableParallelism = parallelism;
    syncBuiltinESMExports();
  };
  beforeAll(() => set(() => count));
  afterAll(() => set(real));
}
