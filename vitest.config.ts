import { defineConfig } from 'vitest/config';

const deadline = 60_000;
/** Who adds the fields of a job to the lines of its handler, and where transactions are found, is decided once in a process. */
const ofAProcess = [
  'test/integration/events-and-logs.int-spec.ts',
  'test/integration/outbox-ambient.int-spec.ts',
];
/** Of those who have not been given any. */
const servers = ['test/support/global-redis.ts', 'test/support/global-postgres.ts'];
// Vitest wants projects with another number of workers in another group when it runs several at once.
const oneFileAtATime = { fileParallelism: false, sequence: { groupOrder: 2 } };

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    globals: true,
    // A file costs the import of Nest and BullMQ otherwise, each anew. Tests are kept apart by their app, as in one file.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Some start processes: a test tells a hang from an answer, whatever else the machine does.
          testTimeout: deadline,
          hookTimeout: deadline,
          include: [
            '{bench,libs,src,scripts}/**/*.spec.ts',
            'test/{deploy,docs}/**/*.spec.ts',
            'test/faults/{harness,report}/*.spec.ts',
          ],
        },
      },
      integration('integration', {
        include: ['test/{integration,upgrade}/**/*.int-spec.ts'],
        exclude: ofAProcess,
      }),
      integration('integration-alone', { include: ofAProcess, isolate: true }),
      endToEnd('e2e'),
      endToEnd('package'),
      faults('faults', { SCALR_FAULTS: 'all' }, 6),
      faults('faults-quick', { SCALR_FAULTS: 'quick' }, 8),
      {
        extends: true,
        test: {
          name: 'soak',
          include: ['test/faults/soak/*.spec.ts'],
          disableConsoleIntercept: true,
          ...oneFileAtATime,
        },
      },
    ],
  },
});

/** A real Redis, and most of the time they wait, also on a small machine. */
function integration(name: string, files: { include: string[]; exclude?: string[]; isolate?: boolean }) {
  return {
    extends: true as const,
    test: {
      name,
      ...files,
      globalSetup: servers,
      testTimeout: deadline,
      hookTimeout: deadline,
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
    },
  };
}

/** Real processes, which boot and compile: they need the machine more than they wait. */
function endToEnd(name: 'e2e' | 'package') {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.e2e-spec.ts`],
      globalSetup: servers,
      testTimeout: 2 * deadline,
      hookTimeout: 2 * deadline,
      ...oneFileAtATime,
    },
  };
}

/** Real processes under every fault of the matrix; some rows at a time, for most of the time they wait. The whole matrix measures, too. */
function faults(name: string, env: Record<string, string>, maxConcurrency: number) {
  return {
    extends: true as const,
    test: {
      name,
      env,
      include: ['test/faults/**/*.fault-spec.ts'],
      ...oneFileAtATime,
      maxConcurrency,
    },
  };
}
