import { defineConfig } from 'vitest/config';

const deadline = 60_000;

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    globals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{libs,src,scripts}/**/*.spec.ts', 'test/{deploy,docs}/**/*.spec.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.int-spec.ts'],
          globalSetup: ['test/support/global-redis.ts'],
          testTimeout: deadline,
          hookTimeout: deadline,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e-spec.ts', 'test/package/**/*.e2e-spec.ts'],
          globalSetup: ['test/support/global-redis.ts'],
          testTimeout: 2 * deadline,
          hookTimeout: 2 * deadline,
          fileParallelism: false,
        },
      },
      faults('faults', { SCALR_FAULTS: 'all' }),
      faults('faults-quick', { SCALR_FAULTS: 'quick' }),
      {
        extends: true,
        test: { name: 'soak', include: ['test/faults/soak/*.spec.ts'], disableConsoleIntercept: true },
      },
    ],
  },
});

/** Real processes under every fault of the matrix; a few rows at a time, for most of the time they wait. */
function faults(name: string, env: Record<string, string>) {
  return {
    extends: true as const,
    test: {
      name,
      env,
      include: ['test/faults/**/*.fault-spec.ts'],
      fileParallelism: false,
      maxConcurrency: 6,
    },
  };
}
