import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { choices, providePostgres } from '../../scripts/postgres/provide.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

/** `npm test` brings its PostgreSQL along; a bare `npx vitest` gets one here. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const given = process.env['SCALR_TEST_POSTGRES_URL'];
  if (given) {
    project.provide('postgresUrl', given);
    return;
  }

  const dir = await mkdtemp(join(tmpdir(), 'scalr-test-postgres-'));
  const postgres = await providePostgres({ dir, log: (line) => console.log(line) });
  if (!postgres) throw new Error(choices);
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
